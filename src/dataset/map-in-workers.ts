import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
// biome-ignore lint/style/useNodejsImportProtocol: webpack knows Workers by this name only.
import { Worker } from 'worker_threads';
import { UsageError } from '../errors.ts';
import { checkCount } from './arguments.ts';
import { MapStage } from './map.ts';
import type { MapWorkerData } from './recordpipe-map-worker.ts';
import type { Open, Openable, Stage } from './stage.ts';
import { type WorkerMapOptions, WorkerPool } from './worker-pool.ts';

/** Jobs that each thread has at once: one that it works on, one that waits, so that it need not. */
const JOBS_PER_WORKER = 2;

/**
 * Opens a map over threads.
 * @throws UsageError unless `workers` is a whole number of at least 1
 * @throws UsageError unless the module is an absolute path or a URL
 */
export function openWorkerMap<S, T>(
  source: Openable<S>,
  module: string | URL,
  options: WorkerMapOptions = {},
): Open<T> {
  const { workers = Math.max(1, availableParallelism() - 1), transfer = false } = options;
  checkCount('mapInWorkers: workers', workers, 1);
  const url = moduleUrl(module);
  // Literally so: bundlers look for this expression.
  const workerData: MapWorkerData = { module: url };
  const start = (): Worker =>
    new Worker(new URL('./recordpipe-map-worker.js', import.meta.url), { workerData });
  return (iteration) =>
    new WorkerMapStage(source.openStage(iteration), new WorkerPool(url, workers, transfer, start), workers);
}

class WorkerMapStage<S, T> extends MapStage<S, T> {
  readonly #pool: WorkerPool;

  constructor(source: Stage<S>, pool: WorkerPool, workers: number) {
    super(source, (element) => pool.run(element) as Promise<T>, JOBS_PER_WORKER * workers);
    this.#pool = pool;
  }

  override async close(): Promise<void> {
    await Promise.all([this.#pool.close(), super.close()]);
  }
}

function moduleUrl(module: string | URL): string {
  if (module instanceof URL) return module.href;
  if (isAbsolute(module)) return pathToFileURL(module).href;
  if (/^(file|data|node):/.test(module)) return module;
  throw new UsageError(
    `mapInWorkers: expected an absolute path or a URL, as new URL('./work.js', import.meta.url), got ${module}`,
  );
}
