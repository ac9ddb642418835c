import { parentPort } from 'node:worker_threads';
import { type ErrorPlace, RecordpipeError, sentenceOf, UsageError } from '../../errors.ts';

/** The first message of every worker. */
export const READY = 'recordpipe: ready';

/** A job, as a worker receives it. */
export interface JobOrder {
  readonly job: number;
  readonly content: unknown;
}

/** What a worker sends about a job: notes, then its result or its error. */
export type JobAnswer =
  | { readonly job: number; readonly note: unknown }
  | { readonly job: number; readonly result: unknown }
  | { readonly job: number; readonly error: unknown };

/** The result of a job. */
export interface JobResult {
  readonly value: unknown;
  /** Buffers of the value to move rather than copy. */
  readonly buffers?: ArrayBuffer[];
}

/**
 * Does the jobs that a `WorkerPool` sends to this worker thread. They start in the order in which
 * they arrive; `work` decides whether they overlap.
 * @param work does one job; `note` sends something about it before its result
 */
export function serveJobs(
  work: (content: unknown, note: (note: unknown) => void) => Promise<JobResult>,
): void {
  const port = parentPort;
  if (port === null) throw new Error('expected to run on a worker thread');
  const send = (answer: JobAnswer, buffers?: ArrayBuffer[]): void => port.postMessage(answer, buffers);
  port.on('message', async ({ job, content }: JobOrder) => {
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

/** A RecordpipeError on its way to another thread. */
interface SentError extends ErrorPlace {
  readonly recordpipeError: RecordpipeError['code'];
  readonly text: string;
  readonly stack: string | undefined;
}

/**
 * An error in a form that another thread can receive: structured cloning drops classes and codes,
 * and fails for some values.
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
  // A DOMException cannot be cloned.
  if (error instanceof DOMException) return new Error(error.message);
  try {
    return structuredClone(error);
  } catch {
    return new Error(String(error));
  }
}

/** The error that `packError` was given, with the stack of its own thread. */
export function unpackError(sent: unknown): unknown {
  if (typeof sent !== 'object' || sent === null || !('recordpipeError' in sent)) return sent;
  const { recordpipeError: code, text, stack, ...place } = sent as SentError;
  const error = code === 'invalid-argument' ? new UsageError(text) : new RecordpipeError(code, text, place);
  if (stack !== undefined) error.stack = stack;
  return error;
}
