import { abortError, onAbort } from '../bytes/abortable.ts';
import { RecordpipeError, UsageError } from '../errors.ts';
import { FetchFailure } from './errors.ts';
import { FileUses } from './file-uses.ts';
import { refOf } from './object-address.ts';
import { type ObjectOptions, objectOptions } from './object-options.ts';
import { RangeTransfer, TransferFailure } from './prefetch/range-transfer.ts';
import {
  type ObjectReadOptions,
  type TransferContext,
  type TransferStats,
  transferContext,
} from './prefetch/transfer-control.ts';
import { openObject } from './read-objects.ts';
import type { ObjectInfo, ObjectRef, RangeHead, RemoteReading, StoredFile, Stretch } from './storage.ts';

/**
 * Opens an object for reading ranges of it, in any order and concurrently. All ranges belong to the
 * same version of the object: if it is overwritten, the next read fails.
 *
 * @param object its address, or its entry in a listing; opening sends no request if the entry has a
 *   size and an ETag
 * @param options see {@link ObjectOptions} and {@link TransferControl}; every field has a default
 * @throws UsageError for an invalid option
 * @throws RecordpipeError `object-missing`, `access-denied`, `retries-exhausted`, `io-failure`,
 *   `aborted`
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { openObjectReader } from 'recordpipe/storage';
 * writeFileSync('digits.txt', '0123456789');
 * const digits = await openObjectReader('digits.txt'); // or s3://bucket/key
 * console.log(digits.size, await digits.read(3, 6)); // 10 Uint8Array(3) [ 51, 52, 53 ]
 * await digits.close();
 * ```
 */
export async function openObjectReader(
  object: string | ObjectRef,
  options?: ObjectReadOptions,
): Promise<ObjectReader> {
  const ref = refOf(object);
  const context = transferContext(options);
  const signal = options?.signal;
  if (signal?.aborted) throw abortError(signal);
  return new ObjectReader(await known(ref, context, signal), context, signal);
}

async function known(
  ref: ObjectRef,
  context: TransferContext,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo> {
  const { uri, size, etag, versionId } = ref;
  if (size !== undefined && etag !== undefined && !context.options.pinVersion)
    return { uri, size, etag, versionId };
  const stat = await (await context.sourceOf(uri)).stat(ref, signal);
  if (etag === undefined || stat.etag === etag) return stat;
  throw new RecordpipeError('object-changed', 'the object was overwritten after it was listed', { uri });
}

/** An object that is open for reading ranges of it: see {@link openObjectReader}. */
export class ObjectReader {
  /** Address of the object. */
  readonly uri: string;
  /** Size in bytes. */
  readonly size: number;
  /** ETag of the version that is read; undefined for local files. */
  readonly etag: string | undefined;
  /** Id of the version; undefined in a bucket without versions. */
  readonly versionId: string | undefined;
  /** Time of the last change. */
  readonly modified: Date | undefined;
  readonly #context: TransferContext;
  readonly #signal: AbortSignal | undefined;
  readonly #transfers = new Set<RangeTransfer>();
  readonly #running = new Set<Promise<void>>();
  #closed = false;

  /** @hideconstructor */
  constructor(info: ObjectInfo, context: TransferContext, signal: AbortSignal | undefined) {
    this.uri = info.uri;
    this.size = info.size;
    this.etag = info.etag;
    this.versionId = info.versionId;
    this.modified = info.modified;
    this.#context = context;
    this.#signal = signal;
    onAbort(signal, this.#stop);
  }

  /** Statistics of the transfer so far. */
  get stats(): TransferStats {
    return this.#context.counts;
  }

  /**
   * Reads the bytes from `start` up to `end` into new memory. Reads more than `partBytes` with
   * several concurrent requests, up to `maxRequests` for all reads of this reader. Retries failed
   * requests.
   * @throws UsageError for a range outside the object
   * @throws RecordpipeError `object-changed`, `object-missing`, `access-denied`,
   *   `retries-exhausted`, `io-failure`, `closed`, `aborted`
   */
  async read(start: number, end: number): Promise<Uint8Array> {
    this.#checkRange(start, end);
    const target = new Uint8Array(end - start);
    await this.#fill(target, start, end, true);
    return target;
  }

  /**
   * Like {@link read}, but fills `target` with the bytes from `start`. After a failure, `target`
   * contains the bytes received.
   * @throws the same errors as {@link read}
   */
  async readInto(target: Uint8Array, start: number): Promise<void> {
    await this.#readInto(target, start, false);
  }

  /**
   * Like {@link readInto}, but receives bytes directly in `target`, which no other code may use.
   * @internal
   */
  async readIntoOwn(target: Uint8Array, start: number): Promise<void> {
    await this.#readInto(target, start, true);
  }

  /** Ends reads in progress, which fail with `closed`. Resolves when no request is in progress. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#signal?.removeEventListener('abort', this.#stop);
    this.#stop();
    await Promise.allSettled(this.#running);
  }

  /** Closes the reader at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /**
   * Checks that a response is for the version of the object that was opened.
   * @internal
   */
  confirm({ etag, size }: RangeHead): void {
    if (this.etag !== undefined && etag !== undefined && etag !== this.etag)
      throw new FetchFailure('changed', `its ETag is ${etag} instead of ${this.etag}`);
    if (size !== this.size) throw new FetchFailure('changed', `it has ${size} bytes instead of ${this.size}`);
  }

  async #readInto(target: Uint8Array, start: number, own: boolean): Promise<void> {
    const end = start + target.length;
    this.#checkRange(start, end);
    await this.#fill(target, start, end, own);
  }

  /**
   * Fills `target` with a range.
   * @param own whether `target` is not shared, so that bytes can be read directly into it
   */
  async #fill(target: Uint8Array, start: number, end: number, own = false): Promise<void> {
    this.#checkOpen();
    const { partBytes, single } = this.#context.options;
    const step = single ? Math.max(1, end - start) : partBytes;
    const parts: RangeTransfer[] = [];
    for (let at = start; at < end; at += step) {
      const place = target.subarray(at - start, Math.min(at + step, end) - start);
      let position = 0;
      const arrived = (chunk: Uint8Array): void => {
        if (chunk.buffer !== target.buffer) place.set(chunk, position);
        position += chunk.length;
      };
      parts.push(
        new RangeTransfer(this.#context, this, at, at + place.length, arrived, own ? place : undefined),
      );
    }
    const runs = parts.map((part) => this.#run(part));
    try {
      await Promise.all(runs);
    } catch (error) {
      for (const part of parts) part.stop();
      await Promise.allSettled(runs);
      this.#checkOpen();
      throw error instanceof TransferFailure ? error.typed() : error;
    }
    this.#checkOpen();
  }

  async #run(part: RangeTransfer): Promise<void> {
    const run = part.run();
    this.#transfers.add(part);
    this.#running.add(run);
    try {
      await run;
    } finally {
      this.#transfers.delete(part);
      this.#running.delete(run);
    }
  }

  readonly #stop = (): void => {
    for (const part of this.#transfers) part.stop();
  };

  #checkRange(start: number, end: number): void {
    if (
      Number.isSafeInteger(start) &&
      Number.isSafeInteger(end) &&
      start >= 0 &&
      start <= end &&
      end <= this.size
    )
      return;
    throw new UsageError(`range: expected bytes from 0 to ${this.size}, got ${start} to ${end}`);
  }

  #checkOpen(): void {
    if (this.#signal?.aborted) throw abortError(this.#signal);
    if (this.#closed) throw new RecordpipeError('closed', 'the object is closed', { uri: this.uri });
  }
}

/**
 * Number of bytes to read when the file is opened: enough to detect the format and to hold a small
 * index.
 */
const HEAD_BYTES = 64 * 1024;
/**
 * Maximum gap to read rather than skip with another request. In the 15 to 30 ms until the first
 * byte of a response, an 85 MB/s connection transfers 1 to 2 MB. Because several requests run at
 * once, a quarter of that keeps the waste small.
 */
const GAP_BYTES = 384 * 1024;

/** An object. Every read returns bytes of the version that was opened. */
export class RemoteFile implements StoredFile {
  readonly path: string;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly remote: RemoteReading;
  readonly unchanged = true; // Always true: a read of a changed object fails.
  readonly #reader: ObjectReader;
  readonly #objects: Partial<ObjectOptions> | undefined;
  readonly #head: Uint8Array;
  #prepared: { readonly position: number; readonly bytes: Uint8Array }[] = [];
  readonly #uses = new FileUses();

  /**
   * Opens an object.
   * @throws RecordpipeError `object-missing`, `access-denied`, `io-failure`, `retries-exhausted`,
   *   `aborted`
   */
  static async open(
    uri: string,
    objects: Partial<ObjectOptions> | undefined,
    signal: AbortSignal | undefined,
  ): Promise<RemoteFile> {
    const reader = await openObjectReader(uri, { ...objects, signal });
    try {
      const head = await reader.read(0, Math.min(HEAD_BYTES, reader.size));
      return new RemoteFile(reader, objects, head);
    } catch (error) {
      await reader.close();
      throw error;
    }
  }

  constructor(reader: ObjectReader, objects: Partial<ObjectOptions> | undefined, head: Uint8Array) {
    const { maxRequests, partBytes } = objectOptions(objects);
    this.path = reader.uri;
    this.size = reader.size;
    this.mtimeNs = BigInt(reader.modified?.getTime() ?? 0) * 1_000_000n;
    const { uri, size, etag, versionId } = reader;
    const object = { uri, size, etag, versionId };
    this.remote = { object, objects, requests: maxRequests, spanBytes: partBytes, gapBytes: GAP_BYTES };
    this.#reader = reader;
    this.#objects = objects;
    this.#head = head;
  }

  get closed(): boolean {
    return this.#uses.closing;
  }

  readNow(target: Uint8Array, at: number, length: number, position: number): void {
    if (this.#uses.ended) throw this.closedError();
    const found = [{ position: 0, bytes: this.#head }, ...this.#prepared].find(
      (have) => position >= have.position && position + length <= have.position + have.bytes.length,
    );
    if (found === undefined) {
      const text = 'objects cannot be read synchronously; use get or getMany, which return promises';
      throw new RecordpipeError('unsupported-source', text, { uri: this.path });
    }
    const from = position - found.position;
    target.set(found.bytes.subarray(from, from + length), at);
  }

  async read(target: Uint8Array, at: number, length: number, position: number): Promise<void> {
    if (length === 0) return;
    if (position + length <= this.#head.length) return this.readNow(target, at, length, position);
    await this.use(() =>
      length === target.buffer.byteLength
        ? this.#reader.readIntoOwn(target, position)
        : this.#reader.readInto(target.subarray(at, at + length), position),
    );
  }

  async prepare(stretches: readonly Stretch[]): Promise<void> {
    const wanted = stretches.filter(({ position, length }) => position + length > this.#head.length);
    this.#prepared = await this.use(() =>
      Promise.all(
        wanted.map(async ({ position, length }) => ({
          position,
          bytes: await this.#reader.read(position, position + length),
        })),
      ),
    );
  }

  stream(signal: AbortSignal | undefined): AsyncIterable<Uint8Array> {
    const { uri, size, etag } = this.#reader;
    return openObject({ uri, size, etag }, { ...this.#objects, signal }).chunks;
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#uses.ended) throw this.closedError();
    return this.#uses.run(work);
  }

  closedError(): RecordpipeError {
    return new RecordpipeError('closed', 'the object is closed', { uri: this.path });
  }

  async close(): Promise<void> {
    if (await this.#uses.end()) await this.#reader.close();
  }
}

/** A file that has been read into memory. */
export class MemoryFile implements StoredFile {
  readonly path: string;
  readonly remote = undefined;
  readonly mtimeNs = 0n;
  readonly unchanged = true;
  closed = false;
  readonly #bytes: Uint8Array;

  constructor(path: string, bytes: Uint8Array) {
    this.path = path;
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.length;
  }

  readNow(target: Uint8Array, at: number, length: number, position: number): void {
    target.set(this.#bytes.subarray(position, position + length), at);
  }

  async read(target: Uint8Array, at: number, length: number, position: number): Promise<void> {
    this.readNow(target, at, length, position);
  }

  prepare(): undefined {
    return undefined;
  }

  stream(): never {
    throw new Error('only remote files can be streamed');
  }

  use<T>(work: () => Promise<T>): Promise<T> {
    return work();
  }

  closedError(): RecordpipeError {
    return new RecordpipeError('closed', 'the file is closed', { uri: this.path });
  }

  async close(): Promise<void> {
    this.closed = true;
  }
}
