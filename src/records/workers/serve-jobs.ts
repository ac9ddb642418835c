import { parentPort } from 'node:worker_threads';
import { isTraced, onTrace, type TraceLine } from '../../bytes/trace.ts';
import { type ErrorPlace, RecordpipeError, sentenceOf, UsageError } from '../../errors.ts';

/** First message of every worker. */
export const READY = 'recordpipe: ready';

/** A job that a worker receives. */
export interface JobOrder {
  readonly job: number;
  readonly content: unknown;
  /** Whether to send what `trace` publishes. */
  readonly traced?: true;
}

/** A message of a worker about a job: a note, or the result or error that follows all notes. */
export type JobAnswer =
  | { readonly job: number; readonly note: unknown }
  | { readonly job: number; readonly result: unknown }
  | { readonly job: number; readonly error: unknown };

/** A line that `trace` published on the worker thread. */
export interface TraceAnswer {
  readonly trace: TraceLine;
}

/** The result of a job. */
export interface JobResult {
  readonly value: unknown;
  /** Buffers of the value to transfer instead of copying them. */
  readonly buffers?: ArrayBuffer[];
}

/**
 * Runs the jobs that a `WorkerPool` sends to this worker thread. Jobs start in order of arrival;
 * `work` determines whether they overlap.
 * @param work runs one job; `note` sends a message about the job before its result
 */
export function serveJobs(
  work: (content: unknown, note: (note: unknown) => void) => Promise<JobResult>,
): void {
  const port = parentPort;
  if (port === null) throw new Error('expected to run on a worker thread');
  const send = (answer: JobAnswer, buffers?: ArrayBuffer[]): void => port.postMessage(answer, buffers);
  port.on('message', async ({ job, content, traced }: JobOrder) => {
    if (traced && !isTraced()) onTrace((line) => port.postMessage({ trace: line } satisfies TraceAnswer));
    try {
      const { value, buffers } = await work(content, (note) => send({ job, note }));
      send({ job, result: value }, buffers);
    } catch (error) {
      send({ job, error: packError(error) });
    }
  });
  port.on('messageerror', (error: unknown) => {
    throw error;
  });
  port.postMessage(READY);
}

/** Serialized form of a RecordpipeError. */
interface SentError extends ErrorPlace {
  readonly recordpipeError: RecordpipeError['code'];
  readonly text: string;
  readonly stack: string | undefined;
}

/**
 * Converts an error to a form that can be sent to another thread. Structured cloning drops classes
 * and codes, and fails for some values.
 */
export function packError(error: unknown): unknown {
  if (error instanceof RecordpipeError) {
    const { code, uri, record, offset, compressed, stack } = error;
    return {
      recordpipeError: code,
      text: sentenceOf(error),
      uri,
      record,
      offset,
      compressed,
      stack,
    } satisfies SentError;
  }
  // Convert a DOMException, which cannot be cloned.
  if (error instanceof DOMException) return new Error(error.message);
  try {
    return structuredClone(error);
  } catch {
    return new Error(String(error));
  }
}

/** Restores an error converted by `packError`, including its original stack. */
export function unpackError(sent: unknown): unknown {
  if (typeof sent !== 'object' || sent === null || !('recordpipeError' in sent)) return sent;
  const { recordpipeError: code, text, stack, ...place } = sent as SentError;
  const error = code === 'invalid-argument' ? new UsageError(text) : new RecordpipeError(code, text, place);
  if (stack !== undefined) error.stack = stack;
  return error;
}
