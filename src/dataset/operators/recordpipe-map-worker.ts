/**
 * Entry point of a worker thread: applies the default export of the user's module to each value.
 * Started by `mapPool`. The file name is specific to recordpipe, because bundles may place workers
 * of other packages in the same directory.
 */
import { workerData } from 'node:worker_threads';
import { serveJobs } from '../../records/workers/serve-jobs.ts';
import { type MapWorkerData, packed } from './map-in-workers.ts';
import { mapWith } from './map-with.ts';

const map = mapWith((workerData as MapWorkerData).module);
serveJobs(async (value) => packed(await map(value), true));
