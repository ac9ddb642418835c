/** Runs on a worker thread: applies the default function of a user's module to each value that it is sent. Started by {@link WorkerPool}. */

import { parentPort, workerData } from 'node:worker_threads';
import { UsageError } from '../errors.ts';
import { packed } from './thread-values.ts';

/** A value to work on. */
export interface MapWork {
  readonly job: number;
  readonly value: unknown;
}

/** What came of it. */
export type MapAnswer =
  | { readonly job: number; readonly value: unknown }
  | { readonly job: number; readonly error: unknown };

const port = parentPort;
if (port === null) throw new Error('map-worker: not on a worker thread');
const module = String(workerData);
const loading = import(module).then((loaded: { default?: unknown }) => {
  if (typeof loaded.default === 'function') return loaded.default as (value: unknown) => unknown;
  throw new UsageError(`mapInWorkers: expected ${module} to have a function as its default export`);
});
loading.catch(() => {}); // each job says it

/** One after the other: whoever waits in one job must not be held up by the next. */
let last: Promise<void> = Promise.resolve();
port.on('message', (work: MapWork) => {
  last = last.then(() => run(work));
});
port.on('messageerror', (error: unknown) => {
  throw error;
});

async function run({ job, value }: MapWork): Promise<void> {
  try {
    const map = await loading;
    const { value: result, buffers } = packed(await map(value), true);
    port!.postMessage({ job, value: result } satisfies MapAnswer, buffers);
  } catch (error) {
    fail(job, error);
  }
}

function fail(job: number, error: unknown): void {
  try {
    // What the host throws when something cannot be cloned cannot be cloned.
    const sent = error instanceof DOMException ? new Error(error.message) : error;
    port!.postMessage({ job, error: sent } satisfies MapAnswer);
  } catch {
    port!.postMessage({ job, error: new Error(String(error)) } satisfies MapAnswer);
  }
}
