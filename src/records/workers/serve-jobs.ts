import { parentPort } from 'node:worker_threads';
import { packError } from './thread-error.ts';

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
 * Does the jobs that a `WorkerPool` sends to this worker thread. They start in the order in which they arrive; `work`
 * decides whether they overlap.
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
