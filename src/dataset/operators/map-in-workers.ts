import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as workerThreads from 'node:worker_threads';
// biome-ignore lint/style/useNodejsImportProtocol: webpack recognizes Workers by this name only.
import { Worker } from 'worker_threads';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { WorkerPool } from '../../records/workers/worker-pool.ts';
import { checkCount, type WorkerMapOptions } from '../operator-options.ts';
import type { Position } from '../position.ts';
import { type Open, type Openable, type Stage, type Step, Through } from '../stage.ts';
import { openMap } from './map.ts';
import { mapWith } from './map-with.ts';
import { openUnorderedMap } from './unordered-map.ts';

/** Number of jobs per thread: one runs and one waits, so that the thread is never idle. */
const JOBS_PER_WORKER = 2;

/**
 * Opens a map that runs on worker threads.
 * @throws UsageError unless `workers` is an integer >= 1 and the module is an absolute path or a
 *   URL
 */
export function openWorkerMap<S, T>(
  source: Openable<S>,
  module: string | URL,
  options: WorkerMapOptions = {},
): Open<T> {
  const { workers = Math.max(1, availableParallelism() - 1), transfer = false, ordered = true } = options;
  checkCount('mapInWorkers: workers', workers, 1);
  const url = moduleUrl(module);
  const parallel = JOBS_PER_WORKER * workers;
  const openCalls = ordered ? openMap : openUnorderedMap;
  return (iteration, from) => {
    const pool = mapPool(url, workers);
    const map = async (element: S): Promise<T> => {
      const { value, buffers } = packed(element, transfer);
      return (await pool.run(value, undefined, buffers.length > 0 ? buffers : undefined)) as T;
    };
    return new WorkerMapStage(openCalls('mapInWorkers', source, map, parallel)(iteration, from), pool);
  };
}

/**
 * Creates threads that apply the default export of a module to values.
 * @param start starts a worker; tests replace it
 */
export function mapPool(
  module: string,
  size: number,
  start: () => Worker = () => {
    const workerData: MapWorkerData = { module };
    // Bundlers recognize exactly this expression.
    return new Worker(new URL('./recordpipe-map-worker.js', import.meta.url), { workerData });
  },
): WorkerPool<unknown> {
  let map: ((value: unknown) => Promise<unknown>) | undefined;
  return new WorkerPool({
    size,
    start,
    here: (value) => {
      map ??= mapWith(module);
      return map(value);
    },
    died: (cause) => {
      const reason = cause instanceof Error ? cause.message : `exit code ${cause}`;
      const text = `the worker thread of mapInWorkers died: ${reason}`;
      return new RecordpipeError('io-failure', text, { uri: module }, cause);
    },
    closed: () => new RecordpipeError('aborted', 'mapInWorkers: the iteration was closed'),
  });
}

/** A map whose threads end with it. */
class WorkerMapStage<T> extends Through<T, T> {
  readonly #pool: WorkerPool<unknown>;

  constructor(results: Stage<T>, pool: WorkerPool<unknown>) {
    super(results);
    this.#pool = pool;
  }

  next(): Step<T> {
    return this.source.next();
  }

  position(): Position {
    return this.source.position();
  }

  override async close(): Promise<void> {
    await Promise.all([this.#pool.close(), super.close()]);
  }
}

function moduleUrl(module: string | URL): string {
  if (module instanceof URL) return module.href;
  if (typeof module === 'string') {
    if (isAbsolute(module)) return pathToFileURL(module).href;
    if (/^(file|data|node):/.test(module)) return module;
  }
  const got = typeof module === 'function' ? 'a function, which threads cannot share' : String(module);
  throw new UsageError(
    `mapInWorkers: expected an absolute path or a URL of a module, such as new URL('./work.js', import.meta.url), got ${got}`,
  );
}

const threads: { readonly isMarkedAsUntransferable?: (object: object) => boolean } = workerThreads as object;

/** A value prepared for another thread. */
export interface Packed {
  readonly value: unknown;
  /** Buffers to move. */
  readonly buffers: ArrayBuffer[];
}

/**
 * Prepares a value for another thread, including values in arrays and plain objects. Copies a view
 * of a larger buffer first; otherwise the whole buffer would be sent.
 * @param move whether to move a buffer that a view covers completely, instead of copying it
 */
export function packed(value: unknown, move: boolean): Packed {
  const buffers = new Set<ArrayBuffer>();
  return { value: pack(value, move, buffers), buffers: [...buffers] };
}

function pack(value: unknown, move: boolean, buffers: Set<ArrayBuffer>): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (ArrayBuffer.isView(value)) return packView(value, move, buffers);
  if (value instanceof ArrayBuffer) {
    if (value.byteLength === 0) checkAttached(value);
    if (move && isMovable(value)) buffers.add(value);
    return value;
  }
  if (Array.isArray(value)) return value.map((item) => pack(item, move, buffers));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([name, field]) => [name, pack(field, move, buffers)]));
}

function packView(view: ArrayBufferView, move: boolean, buffers: Set<ArrayBuffer>): ArrayBufferView {
  const { buffer, byteOffset, byteLength } = view;
  if (!(buffer instanceof ArrayBuffer)) return view; // SharedArrayBuffer
  if (byteLength === 0) checkAttached(buffer);
  if (byteLength === buffer.byteLength && !(view instanceof Buffer)) {
    if (move && isMovable(buffer)) buffers.add(buffer);
    return view;
  }
  const own = buffer.slice(byteOffset, byteOffset + byteLength);
  buffers.add(own);
  const Kind = (view instanceof Buffer ? Uint8Array : view.constructor) as new (
    buffer: ArrayBuffer,
  ) => ArrayBufferView;
  return new Kind(own);
}

/**
 * Reports whether a buffer can be moved. Chunks of objects can share memory with bytes that are
 * still arriving; such buffers are copied. Node 20 copies them automatically.
 */
function isMovable(buffer: ArrayBuffer): boolean {
  return !threads.isMarkedAsUntransferable?.(buffer);
}

/**
 * Checks that a buffer has not been transferred already. A detached buffer would arrive empty, or
 * not at all.
 * @throws UsageError
 */
function checkAttached(buffer: ArrayBuffer): void {
  try {
    new Uint8Array(buffer);
  } catch {
    throw new UsageError(
      'the buffer of this value is detached: it was already moved to another thread; omit transfer, or create a new buffer each time',
    );
  }
}

/** Data of a worker. It is an object because bundlers add fields to it. */
export interface MapWorkerData {
  /** URL of the user's module. */
  readonly module: string;
}
