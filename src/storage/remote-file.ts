import { RecordpipeError } from '../errors.ts';
import { FileUses } from './file-uses.ts';
import { type ObjectOptions, objectOptions } from './object-options.ts';
import { type ObjectReader, openObjectReader } from './object-reader.ts';
import { openObject } from './open-object.ts';
import type { RemoteReading, StoredFile, Stretch } from './storage.ts';

/** Read when the file is opened: enough to detect the format, and the whole of a small index. */
const HEAD_BYTES = 64 * 1024;
/**
 * Bytes that are read rather than skipped by another request. In the 15 to 30 ms until the first byte of a response, a
 * connection of 85 MB/s transfers 1 to 2 MB. As several requests run at once, a quarter of that keeps the waste small.
 */
const GAP_BYTES = 384 * 1024;

/** An object. Every read is of the state that it had when it was opened. */
export class RemoteFile implements StoredFile {
  readonly path: string;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly remote: RemoteReading;
  readonly unchanged = true; // otherwise a read fails
  readonly #reader: ObjectReader;
  readonly #objects: Partial<ObjectOptions> | undefined;
  readonly #head: Uint8Array;
  #prepared: { readonly position: number; readonly bytes: Uint8Array }[] = [];
  readonly #uses = new FileUses();

  /** @throws RecordpipeError `object-missing`, `access-denied`, `io-failure`, `retries-exhausted`, `aborted` */
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
    this.remote = { requests: maxRequests, spanBytes: partBytes, gapBytes: GAP_BYTES };
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
      const text = 'objects cannot be read without waiting; use get or getMany, which return promises';
      throw new RecordpipeError('unsupported-source', text, { uri: this.path });
    }
    const from = position - found.position;
    target.set(found.bytes.subarray(from, from + length), at);
  }

  async read(target: Uint8Array, at: number, length: number, position: number): Promise<void> {
    if (length === 0) return;
    if (position + length <= this.#head.length) return this.readNow(target, at, length, position);
    await this.use(() => this.#reader.readInto(target.subarray(at, at + length), position));
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
    throw new Error('only remote files are streamed');
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
