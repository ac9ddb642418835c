import { availableParallelism } from 'node:os';
import { isAbsolute } from 'node:path';
import { pathToFileURL } from 'node:url';
import * as workerThreads from 'node:worker_threads';
// biome-ignore lint/style/useNodejsImportProtocol: webpack recognizes Workers by this name only.
import { Worker } from 'worker_threads';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { JobThread } from '../../records/workers/job-thread.ts';
import { checkCount } from '../operator-options.ts';
import type { Open, Openable, Stage } from '../stage.ts';
import { MapStage } from './map.ts';
import { mapWith } from './map-with.ts';
import type { MapWorkerData } from './recordpipe-map-worker.ts';

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

/** How `mapInWorkers` works. */
export interface WorkerMapOptions {
  /** Threads. Default: one less than the processors, at least one. */
  readonly workers?: number | undefined;
  /**
   * Default false: elements are copied to the threads. True: buffers that belong to one element alone are moved, which leaves that element empty here;
   * a record that is a part of a larger buffer is copied still. Results are always moved.
   */
  readonly transfer?: boolean | undefined;
}

/**
 * Threads that apply the default function of a module to values. They start as they are needed and end with `close`. Where
 * none can start, the function runs on the calling thread.
 */
export class WorkerPool {
  readonly #module: string;
  readonly #most: number;
  readonly #transfer: boolean;
  readonly #start: () => Worker;
  readonly #threads: JobThread[] = [];
  #here: ((value: unknown) => Promise<unknown>) | undefined;

  constructor(module: string, most: number, transfer: boolean, start: () => Worker) {
    this.#module = module;
    this.#most = most;
    this.#transfer = transfer;
    this.#start = start;
  }

  /** The function's result for the value. */
  async run(value: unknown): Promise<unknown> {
    const { value: content, buffers } = packed(value, this.#transfer);
    const here = (): Promise<unknown> => {
      this.#here ??= mapWith(this.#module);
      return this.#here(content);
    };
    return this.#idlest().run({ content, here, ...(buffers.length > 0 && { buffers }) });
  }

  /** Ends the threads in the middle of their work. */
  async close(): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread.close()));
  }

  /** A thread without work, a new one while more are allowed, or the one with the least work. */
  #idlest(): JobThread {
    let idlest: JobThread | undefined;
    for (const thread of this.#threads)
      if (!thread.dead && (idlest === undefined || thread.jobs < idlest.jobs)) idlest = thread;
    if (idlest !== undefined && (idlest.jobs === 0 || this.#threads.length >= this.#most)) return idlest;
    const thread = new JobThread({
      start: this.#start,
      died: (reason) => this.#died(reason),
      closed: () => new RecordpipeError('aborted', 'mapInWorkers: the iteration was closed'),
    });
    this.#threads.push(thread);
    return thread;
  }

  #died(cause: unknown): Error {
    const reason = cause instanceof Error ? cause.message : `exit code ${cause}`;
    const text = `the worker thread of mapInWorkers died: ${reason}`;
    return new RecordpipeError('io-failure', text, { uri: this.#module }, cause);
  }
}

const threads: { readonly isMarkedAsUntransferable?: (object: object) => boolean } = workerThreads as object;

/** A value made ready for another thread. */
export interface Packed {
  readonly value: unknown;
  /** Those of its buffers that are moved. */
  readonly buffers: ArrayBuffer[];
}

/**
 * Makes a value ready for another thread, arrays and plain objects looked into. A view of a larger buffer is copied first: sending it as it is would send
 * all of that buffer. So records travel as what they are.
 * @param move whether buffers that a view holds as a whole are moved too, not copied
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
  if (!(buffer instanceof ArrayBuffer)) return view; // shared
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

/** Chunks of objects may lie in memory that is still being read into behind them: such buffers are copied. Node 20 does so by itself. */
function isMovable(buffer: ArrayBuffer): boolean {
  return !threads.isMarkedAsUntransferable?.(buffer);
}

/** Sent to another thread, a buffer that was moved away would not arrive, or arrive empty. */
function checkAttached(buffer: ArrayBuffer): void {
  try {
    new Uint8Array(buffer);
  } catch {
    throw new UsageError(
      'the buffer of this value is detached: it was moved to another thread before; leave out transfer, or make a new one each time',
    );
  }
}
