import { trace } from '../../bytes/trace.ts';
import { FetchFailure } from '../errors.ts';
import type { SocketLock } from '../local/socket-lock.ts';
import type { ObjectOptions } from '../object-options.ts';
import {
  described,
  type ObjectSource,
  type RangeReader,
  type RangeRequest,
  type RangeSink,
} from '../storage.ts';
import { type CachedVersion, CHUNK_BYTES, ChunkFile, type ChunkWriter } from './chunk-file.ts';
import { type DiskCache, diskCacheOf } from './disk-cache.ts';
import { RangeDelivery } from './range-delivery.ts';

/** Statistics that the cache changes. */
export interface CacheCounts {
  requests: number;
  cachedBytes: number;
}

/**
 * Returns a source that reads chunks of objects from the disk cache, and fetches missing ones from
 * `source`. It is below everything else that reads objects, so that all readers use it.
 */
export function cachedSource(
  source: ObjectSource,
  { cache, pinVersion }: ObjectOptions,
  counts: CacheCounts,
): ObjectSource {
  if (cache === undefined) return source;
  const disk = diskCacheOf(cache);
  return {
    list: (prefix, signal, enter) => source.list(prefix, signal, enter),
    stat: (ref, signal) => source.stat(ref, signal),
    describe: source.describe && ((ref, signal) => described(source, ref, signal)),
    async read(request, sink, signal) {
      const range = this.range?.() as RangeReader;
      try {
        await range.read(request, sink, signal);
      } finally {
        range.close();
      }
    },
    range: () => new CachedRange(source, disk, pinVersion, counts),
  };
}

/** Maximum number of chunks to fetch with one request: as many as a part has by default. */
const MAX_RUN = 8;
/** Number of chunks to read at a time. */
const READS_AHEAD = 2;
/** Interval at which a wait for another process is reported. */
const WAIT_MS = 1_000;

/**
 * Reads one range with one or more attempts. A chunk whose transfer fails halfway stays open, so
 * that the next attempt continues it.
 */
class CachedRange implements RangeReader {
  readonly #source: ObjectSource;
  readonly #disk: DiskCache;
  readonly #pinVersion: boolean;
  readonly #counts: CacheCounts;
  /** The locks of chunks that this range fetches, by index. */
  readonly #locks = new Map<number, SocketLock>();
  /** The chunk that is being received. */
  #writer: ChunkWriter | undefined;

  constructor(source: ObjectSource, disk: DiskCache, pinVersion: boolean, counts: CacheCounts) {
    this.#source = source;
    this.#disk = disk;
    this.#pinVersion = pinVersion;
    this.#counts = counts;
  }

  async read(request: RangeRequest, sink: RangeSink, signal: AbortSignal): Promise<void> {
    // The transfer has counted this attempt, but only requests to the service count.
    this.#counts.requests -= 1;
    const version = await this.#versionOf(request, signal);
    const delivery = version && new RangeDelivery(version, request, sink);
    if (delivery === undefined || !delivery.isInside) return this.#request(request, sink, signal);
    if (delivery.done) delivery.head();
    let missed = false;
    while (!delivery.done) {
      await this.#disk.inTurn((next) => this.#takeAll(delivery, next, signal));
      if (delivery.done) break;
      missed = true;
      await this.#fetch(delivery, signal);
    }
    trace('cache', () => {
      const { uri, start, end = delivery.end } = request;
      return `${uri}: bytes ${start} to ${end} ${missed ? 'were fetched and stored' : 'were in the cache'}`;
    });
  }

  close(): void {
    this.#discard();
    this.#release();
  }

  /**
   * Returns the current version of the object. The request has it if a listing or an earlier
   * response did; otherwise the service is asked.
   * @returns undefined for an object without a strong ETag, which does not distinguish versions
   */
  async #versionOf(request: RangeRequest, signal: AbortSignal): Promise<CachedVersion | undefined> {
    const { service = '' } = this.#source;
    const { uri, start, etag, size, versionId } = request;
    if (etag !== undefined && size !== undefined && (versionId !== undefined || !this.#pinVersion))
      return isStrong(etag) ? { service, uri, etag, size, versionId } : this.#disk.cannotCache(uri);
    // The first response had no ETag.
    if (etag === undefined && start > 0) return this.#disk.cannotCache(uri);
    try {
      const info = await described(this.#source, { uri, etag, versionId }, signal);
      if (!isStrong(info.etag)) return this.#disk.cannotCache(uri);
      if (etag !== undefined && etag !== info.etag) return undefined;
      const found = versionId ?? (this.#pinVersion ? info.versionId : undefined);
      return { service, uri, etag: info.etag, size: info.size, versionId: found };
    } catch {
      return undefined; // The request itself fails with the reason, or needs fewer permissions.
    }
  }

  /**
   * Delivers bytes from the cache up to the first missing chunk. The next chunk is read while one is
   * verified and used.
   * @param next called when the last chunk is being read
   */
  async #takeAll(delivery: RangeDelivery, next: () => void, signal: AbortSignal): Promise<void> {
    const ahead: Promise<Uint8Array | undefined>[] = [];
    let position = delivery.at;
    try {
      while (!delivery.done) {
        if (signal.aborted) throw new FetchFailure('aborted', 'aborted');
        while (ahead.length < READS_AHEAD && position < delivery.end) {
          const file = this.#fileAt(delivery, position);
          ahead.push(this.#read(file, delivery, position));
          position = file.start + file.length;
        }
        if (position >= delivery.end) next();
        if (!this.#deliver(await ahead.shift(), delivery)) return;
      }
    } finally {
      // They may write to memory of the reader.
      await Promise.all(ahead);
    }
  }

  /** Delivers the next bytes from the cache. @returns false if the cache does not have them */
  async #take(delivery: RangeDelivery): Promise<boolean> {
    const file = this.#fileAt(delivery, delivery.at);
    return this.#deliver(await this.#read(file, delivery, delivery.at), delivery);
  }

  /** Reads the part of a chunk from a position on that belongs to the range. Never fails. */
  async #read(file: ChunkFile, delivery: RangeDelivery, position: number): Promise<Uint8Array | undefined> {
    if (this.#writer?.file.index === file.index) return undefined;
    const end = Math.min(file.length, delivery.end - file.start);
    const memory = (bytes: number): Uint8Array => delivery.memoryAt(position, bytes);
    return file.read(position - file.start, end, this.#disk.pace, memory);
  }

  #deliver(bytes: Uint8Array | undefined, delivery: RangeDelivery): boolean {
    if (bytes === undefined) return false;
    this.#counts.cachedBytes += bytes.length;
    delivery.deliver(bytes, delivery.at);
    return true;
  }

  /** Fetches the next chunk and the missing ones that follow it, with one request. */
  async #fetch(delivery: RangeDelivery, signal: AbortSignal): Promise<void> {
    const first = this.#fileAt(delivery, delivery.at);
    if (this.#writer?.file.index !== first.index) this.#discard();
    if (!this.#locks.has(first.index)) {
      const lock = await this.#waitFor(first, delivery, signal);
      if (lock === undefined) return this.#fetchUncached(delivery, signal);
      this.#locks.set(first.index, lock);
      // The previous holder may have fetched the chunk.
      if (await this.#take(delivery)) return this.#release();
    }
    const run = await this.#missingFrom(first, delivery, signal);
    const bytes = run.reduce((sum, { fileBytes }) => sum + fileBytes, 0);
    const hasRoom = await this.#disk.reserve(bytes);
    try {
      if (hasRoom) this.#writer ??= this.#disk.create(first);
      if (this.#writer !== undefined) await this.#receive(run, delivery, signal);
      else await this.#fetchUncached(delivery, signal);
    } finally {
      if (hasRoom) this.#disk.unreserve(bytes);
      this.#release(this.#writer?.file.index);
    }
  }

  /** Waits for the lock of a chunk. Such a wait is not a stall of the service. */
  async #waitFor(
    file: ChunkFile,
    delivery: RangeDelivery,
    signal: AbortSignal,
  ): Promise<SocketLock | undefined> {
    const timer = setInterval(() => delivery.waits(), WAIT_MS);
    try {
      return await this.#disk.lock(file, true, signal);
    } finally {
      clearInterval(timer);
    }
  }

  /**
   * Returns the chunk and the ones after it that are missing and not locked, and locks them. Only
   * the lock of the first is waited for, while no other is held, so that waits cannot form a cycle.
   */
  async #missingFrom(
    first: ChunkFile,
    { version, end }: RangeDelivery,
    signal: AbortSignal,
  ): Promise<readonly ChunkFile[]> {
    const run = [first];
    for (let index = first.index + 1; index * CHUNK_BYTES < end && run.length < MAX_RUN; index++) {
      const file = new ChunkFile(this.#disk.root, version, index);
      const lock = file.exists ? undefined : await this.#disk.lock(file, false, signal);
      if (lock === undefined) break;
      this.#locks.set(index, lock);
      run.push(file);
      // It may have been fetched before the lock was taken. Its bytes are then fetched in vain, by
      // this request alone.
      if (!file.exists) continue;
      run.pop();
      this.#release(index);
      break;
    }
    return run;
  }

  /** Requests chunks, and writes them to the cache while their bytes are delivered. */
  async #receive(run: readonly ChunkFile[], delivery: RangeDelivery, signal: AbortSignal): Promise<void> {
    const { uri, etag, size, versionId } = delivery.version;
    const [first] = run;
    const last = run[run.length - 1];
    let at = first.start + (this.#writer?.written ?? 0);
    const request = { uri, start: at, end: last.start + last.length, etag, size, versionId };
    const sink: RangeSink = {
      onHead(head) {
        if (head.etag !== etag || head.size !== size)
          throw new FetchFailure('changed', `its ETag is ${head.etag} instead of ${etag}`);
        delivery.head(head);
      },
      memory: (maxBytes) => delivery.memory(at, maxBytes),
      onData: (bytes) => {
        // Written first, because a reader may reuse the memory of what it has received.
        this.#store(run, bytes, at);
        delivery.deliver(bytes, at);
        at += bytes.length;
      },
    };
    await this.#request(request, sink, signal);
  }

  /** Writes received bytes to the chunks that they belong to. */
  #store(run: readonly ChunkFile[], bytes: Uint8Array, position: number): void {
    for (let at = 0; at < bytes.length; ) {
      const index = Math.floor((position + at) / CHUNK_BYTES);
      if (!this.#locks.has(index)) return; // Writing has failed.
      const file = run[index - run[0].index];
      const part = bytes.subarray(at, Math.min(bytes.length, file.start + file.length - position));
      this.#writer ??= this.#disk.create(file);
      try {
        this.#writer?.write(part, position + at);
        if (this.#writer?.complete) this.#commit(this.#writer);
      } catch (error) {
        this.#disk.failedToWrite(error);
        this.#discard();
      }
      if (this.#writer === undefined && this.#locks.has(index)) this.#release();
      at += part.length;
    }
  }

  #commit(writer: ChunkWriter): void {
    writer.commit();
    this.#writer = undefined;
    const { index } = writer.file;
    void this.#locks.get(index)?.release();
    this.#locks.delete(index);
  }

  /** Reads up to the next chunk in the cache, without writing to it. */
  async #fetchUncached(delivery: RangeDelivery, signal: AbortSignal): Promise<void> {
    const { uri, etag, size, versionId } = delivery.version;
    let file = this.#fileAt(delivery, delivery.at);
    const start = delivery.at;
    let end = file.start + file.length;
    for (; end < delivery.end; end += file.length) {
      file = this.#fileAt(delivery, end);
      if (file.exists) break;
    }
    let at = start;
    const request = { uri, start, end: Math.min(end, delivery.end), etag, size, versionId };
    const sink: RangeSink = {
      onHead: (head) => delivery.head(head),
      memory: (maxBytes) => delivery.memory(at, maxBytes),
      onData(bytes) {
        delivery.deliver(bytes, at);
        at += bytes.length;
      },
    };
    await this.#request(request, sink, signal);
  }

  /** Sends a request to the service. */
  async #request(request: RangeRequest, sink: RangeSink, signal: AbortSignal): Promise<void> {
    this.#counts.requests += 1;
    await this.#source.read(request, sink, signal);
  }

  #fileAt({ version }: RangeDelivery, position: number): ChunkFile {
    return new ChunkFile(this.#disk.root, version, Math.floor(position / CHUNK_BYTES));
  }

  #discard(): void {
    this.#writer?.discard();
    this.#writer = undefined;
  }

  /** Releases all locks except that of one chunk. */
  #release(kept?: number): void {
    for (const [index, lock] of this.#locks) {
      if (index === kept) continue;
      this.#locks.delete(index);
      void lock.release();
    }
  }
}

function isStrong(etag: string | undefined): etag is string {
  return etag !== undefined && etag !== '' && !etag.startsWith('W/');
}
