/**
 * Runs on a worker thread: applies the default function of a user's module to each value it receives. Started by
 * `mapPool`. The name of this file is recordpipe's own, because a bundle looks for it beside itself, where other
 * programs keep their workers.
 */
import { workerData } from 'node:worker_threads';
import { serveJobs } from '../../records/workers/serve-jobs.ts';
import { packed } from './map-in-workers.ts';
import { mapWith } from './map-with.ts';

/** An object, because bundlers add fields of their own. */
export interface MapWorkerData {
  /** URL of the user's module. */
  readonly module: string;
}

const map = mapWith((workerData as MapWorkerData).module);
serveJobs(async (value) => packed(await map(value), true));
