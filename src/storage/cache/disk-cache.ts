import { mkdirSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { sentenceOf } from '../../errors.ts';
import { fileError } from '../local/file-errors.ts';
import { makeFolder } from '../local/make-folder.ts';
import { ReadPace } from '../local/sliced-file.ts';
import { lockWithSocket, type SocketLock } from '../local/socket-lock.ts';
import type { CacheOptions } from '../object-options.ts';
import { cacheFiles, cacheRoot, removeOldest } from './cache-files.ts';
import { type ChunkFile, ChunkWriter } from './chunk-file.ts';

/**
 * Maximum time to wait while another process fetches a chunk. That process retries for up to
 * `retryTimeoutMs`, but it may also have been stopped.
 */
const MAX_LOCK_MS = 60_000;
/** Fraction of `maxBytes` that an eviction frees. Evicting for every chunk would list all files. */
const FREED_SHARE = 1 / 16;

const caches = new Map<string, DiskCache>();

/** Returns the cache in a folder, which all streams of this thread share. */
export function diskCacheOf({ dir, maxBytes }: CacheOptions): DiskCache {
  const key = JSON.stringify([resolve(dir), maxBytes]);
  let cache = caches.get(key);
  if (cache === undefined) {
    cache = new DiskCache(resolve(dir), maxBytes as number); // `objectOptions` has set it.
    caches.set(key, cache);
  }
  return cache;
}

/**
 * A folder of cache files: space, locks and failures. Nothing here decides which bytes are correct;
 * every file does that for itself (see {@link ChunkFile}).
 */
export class DiskCache {
  readonly root: string;
  /** Measures whether cache files are in the page cache. */
  readonly pace: ReadPace = new ReadPace();
  #turn: Promise<void> = Promise.resolve();
  readonly #dir: string;
  readonly #maxBytes: number;
  /** Number of bytes that this thread may write before it lists the folder again. */
  #allowance = 0;
  /** Number of bytes that are being written. */
  #reserved = 0;
  #listing: Promise<void> | undefined;
  /** Start of the names of locks. Undefined until the folder exists. */
  #lockName: string | undefined;
  #failed = false;
  #saidUncached = false;

  constructor(dir: string, maxBytes: number) {
    this.#dir = dir;
    this.root = cacheRoot(dir);
    this.#maxBytes = maxBytes;
  }

  /**
   * Runs work that reads chunks, after the work of earlier calls. Ranges are read in the order in
   * which they were requested, so that a reader gets bytes that the core's cache still has. Chunks
   * on a slow disk are read concurrently instead.
   * @param work calls its argument to let the next work begin before it ends
   */
  async inTurn(work: (next: () => void) => Promise<void>): Promise<void> {
    if (this.pace.slow) return work(() => {});
    const before = this.#turn;
    let end!: () => void;
    this.#turn = new Promise((resolve) => {
      end = resolve;
    });
    await before;
    try {
      await work(end);
    } finally {
      end();
    }
  }

  /**
   * Takes the lock of a chunk, so that no other process fetches it. Only Linux has these locks;
   * elsewhere, two processes may fetch the same chunk, and the second replaces an equal file.
   * @param waits whether to wait for another holder
   * @returns undefined if the chunk should be read without the cache
   */
  async lock(file: ChunkFile, waits: boolean, signal: AbortSignal): Promise<SocketLock | undefined> {
    const lockName = this.#prepared();
    if (lockName === undefined) return undefined;
    if (process.platform !== 'linux') return { release: async () => {} };
    try {
      return await lockWithSocket(`${lockName}/${file.name}`, file.path, waits ? MAX_LOCK_MS : 0, signal);
    } catch (error) {
      if (!signal.aborted) this.#fail(error);
      return undefined;
    }
  }

  /**
   * Reserves room for chunks, if necessary by removing those that have not been used for the
   * longest time.
   * @returns whether they may be written; the caller then calls {@link unreserve}
   */
  async reserve(bytes: number): Promise<boolean> {
    while (!this.#failed && (this.#listing !== undefined || this.#allowance < bytes)) {
      // Writes in progress fill the cache.
      if (this.#reserved + bytes > this.#maxBytes) return false;
      this.#listing ??= this.#evict(bytes).finally(() => {
        this.#listing = undefined;
      });
      await this.#listing;
    }
    if (this.#failed) return false;
    this.#allowance -= bytes;
    this.#reserved += bytes;
    return true;
  }

  /** Ends a reservation, when the chunks have been written or given up. */
  unreserve(bytes: number): void {
    this.#reserved -= bytes;
  }

  /** Starts to write a chunk. @returns undefined if the cache cannot be written */
  create(file: ChunkFile): ChunkWriter | undefined {
    if (this.#failed) return undefined;
    try {
      mkdirSync(file.folder, { recursive: true, mode: 0o700 });
      return new ChunkWriter(file);
    } catch (error) {
      this.failedToWrite(error);
      return undefined;
    }
  }

  /** Handles a failure to write a chunk. */
  failedToWrite(error: unknown): void {
    // `recordpipe cache rm`, or another process that needs room, has removed the file.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') this.#fail(error);
  }

  /** Warns once that objects without a strong ETag are not cached. */
  cannotCache(uri: string): undefined {
    if (this.#saidUncached) return;
    this.#saidUncached = true;
    const text = `the disk cache does not keep objects without a strong ETag (${uri})`;
    process.emitWarning(text, 'RecordpipeWarning');
  }

  /** Stops writing to the cache, with a warning. Chunks that it contains are still read. */
  #fail(error: unknown): void {
    if (this.#failed) return;
    this.#failed = true;
    const why = sentenceOf(fileError(error, this.#dir));
    const text = `the disk cache ${this.#dir} cannot be written, so objects are read without it: ${why}`;
    process.emitWarning(text, 'RecordpipeWarning');
  }

  #prepared(): string | undefined {
    if (this.#failed || this.#lockName !== undefined) return this.#lockName;
    try {
      makeFolder(dirname(this.root));
      // Objects may be private, so other users cannot read a folder that recordpipe creates.
      mkdirSync(this.root, { recursive: true, mode: 0o700 });
      const { dev, ino } = statSync(this.root, { bigint: true });
      this.#lockName = `recordpipe-cache/${dev}/${ino}`;
    } catch (error) {
      this.#fail(error);
    }
    return this.#lockName;
  }

  /**
   * Measures the folder, and removes files if it is nearly full. Other processes write to it too,
   * so only a part of the free space is allowed until the next measurement.
   */
  async #evict(bytes: number): Promise<void> {
    try {
      // Files that are complete when they are listed may count twice, but never not at all.
      const reserved = this.#reserved;
      const files = await cacheFiles(this.root);
      const used = files.reduce((sum, { size }) => sum + size, reserved);
      const limit = this.#maxBytes - Math.max(bytes, Math.floor(this.#maxBytes * FREED_SHARE));
      const kept = used > limit ? used - removeOldest(files, used - limit).bytes : used;
      const free = this.#maxBytes - kept;
      if (free < bytes) throw new Error('its files cannot be removed to make room');
      this.#allowance = Math.max(bytes, Math.floor(free / 4));
    } catch (error) {
      this.#fail(error);
    }
  }
}
