import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  existsSync,
  futimesSync,
  openSync,
  read,
  readSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32c } from '../../crc32c/index.ts';
import { renameFileSync } from '../local/rename-file.ts';
import type { ReadPace } from '../local/sliced-file.ts';

/**
 * Number of bytes of an object in one cache file. A block of received memory has the same size, so
 * that a chunk is read directly into its final memory. Larger chunks would slow down reads of
 * single records, because a missing chunk is fetched as a whole; smaller ones would need more files
 * and locks. Adjacent missing chunks are fetched with one request.
 */
export const CHUNK_BYTES: number = 1024 * 1024;
/** Number of bytes with a checksum of their own, so that reading a record verifies little else. */
const BLOCK_BYTES = 64 * 1024;

/** Ends every cache file. The number is the version of the format. */
const MAGIC = 'RPCHUNK1';
/** Length of the text, number of checksums, checksum of everything before it, MAGIC. */
const FOOTER_BYTES = 4 + 4 + 4 + MAGIC.length;

/** One version of one object. Equal versions have equal bytes. */
export interface CachedVersion {
  /** Distinguishes services whose objects may have equal addresses. */
  readonly service: string;
  readonly uri: string;
  readonly etag: string;
  readonly size: number;
  /** Version to request. It does not identify a chunk: versions with equal ETags are equal. */
  readonly versionId: string | undefined;
}

/** Pattern of the names of cache files. Files being written have a suffix. */
export const CHUNK_NAME: RegExp = /^[0-9a-f]{40}\.\d+(\.tmp)?$/;

/** Flags that open a cache file without following a link, or waiting for the writer of a pipe. */
export const READ_FLAGS: number = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
const WRITE =
  constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW | constants.O_NONBLOCK;

const hashes = new WeakMap<CachedVersion, string>();

/** Returns a hash of everything that identifies a version. */
function hashOf(version: CachedVersion): string {
  let hash = hashes.get(version);
  if (hash === undefined) {
    const { service, uri, etag, size } = version;
    hash = createHash('sha256')
      .update(JSON.stringify([service, uri, etag, size]))
      .digest('hex');
    hashes.set(version, hash);
  }
  return hash;
}

/**
 * The file of one chunk: its bytes, then a trailer with the object's version, a CRC-32C of every 64
 * KiB, and a checksum of the trailer itself. A file states whose bytes it has, so no list of files
 * exists that a crash could corrupt.
 */
export class ChunkFile {
  readonly index: number;
  /** Number of bytes of the object in the file. */
  readonly length: number;
  /** Name of the file, which is unique among all objects and versions. */
  readonly name: string;
  readonly folder: string;
  readonly #text: string;

  constructor(root: string, version: CachedVersion, index: number) {
    const { service, uri, etag, size } = version;
    this.index = index;
    this.length = Math.min(CHUNK_BYTES, size - index * CHUNK_BYTES);
    this.#text = JSON.stringify({ service, uri, etag, size, index });
    const hash = hashOf(version);
    this.name = `${hash.slice(0, 40)}.${index}`;
    this.folder = join(root, hash.slice(0, 2));
  }

  /** Position of the chunk's first byte in the object. */
  get start(): number {
    return this.index * CHUNK_BYTES;
  }

  get exists(): boolean {
    return existsSync(this.path);
  }

  get path(): string {
    return join(this.folder, this.name);
  }

  /** Number of bytes in the whole file. */
  get fileBytes(): number {
    return this.length + this.#trailerBytes;
  }

  get #blocks(): number {
    return Math.ceil(this.length / BLOCK_BYTES);
  }

  get #trailerBytes(): number {
    return Buffer.byteLength(this.#text) + 4 * this.#blocks + FOOTER_BYTES;
  }

  /**
   * Reads and verifies a range of the chunk, and marks the file as used. Reads on a thread of the
   * host, except for a single block, which takes less time than the change of threads.
   * @param pace measures whether the file is in memory
   * @param memory returns memory for the range
   * @returns undefined if there is no such file, or if it is corrupt; a corrupt file is removed
   */
  async read(
    start: number,
    end: number,
    pace: ReadPace,
    memory: (bytes: number) => Uint8Array,
  ): Promise<Uint8Array | undefined> {
    let descriptor: number;
    try {
      descriptor = openSync(this.path, READ_FLAGS);
    } catch {
      return undefined;
    }
    try {
      const bytes = await this.#verified(descriptor, start, end, pace, memory);
      if (bytes === undefined) remove(this.path);
      else touch(descriptor);
      return bytes;
    } catch {
      return undefined; // The disk cannot be read; the service can.
    } finally {
      closeSync(descriptor);
    }
  }

  async #verified(
    descriptor: number,
    start: number,
    end: number,
    pace: ReadPace,
    memory: (bytes: number) => Uint8Array,
  ): Promise<Uint8Array | undefined> {
    const trailer = Buffer.allocUnsafe(this.#trailerBytes);
    const trailerBytes = pace.timed(() => readSync(descriptor, trailer, 0, trailer.length, this.length));
    const checksums =
      trailerBytes === trailer.length ? checksumsIn(trailer, this.#text, this.#blocks) : undefined;
    if (checksums === undefined) return undefined;
    const from = start - (start % BLOCK_BYTES);
    const to = Math.min(this.length, Math.ceil(end / BLOCK_BYTES) * BLOCK_BYTES);
    const isWhole = from === start && to === end;
    let target = isWhole ? memory(to - from) : new Uint8Array(to - from);
    if (target.length < to - from) target = new Uint8Array(to - from);
    const isHere = to - from <= BLOCK_BYTES && !pace.slow;
    const got = isHere
      ? pace.timed(() => readSync(descriptor, target, 0, target.length, from))
      : await readAhead(descriptor, target, from);
    if (got < target.length) return undefined;
    for (let at = from; at < to; at += BLOCK_BYTES) {
      const block = target.subarray(at - from, Math.min(at + BLOCK_BYTES, to) - from);
      if (crc32c(block) !== checksums.readUInt32LE((4 * at) / BLOCK_BYTES)) return undefined;
    }
    return isWhole ? target : target.subarray(start - from, end - from);
  }

  /** Returns the trailer of a complete file. @param checksums CRC-32C of each block */
  trailer(checksums: readonly number[]): Buffer {
    const trailer = Buffer.alloc(this.#trailerBytes);
    let at = trailer.write(this.#text);
    const textBytes = at;
    for (const checksum of checksums) at = trailer.writeUInt32LE(checksum, at);
    at = trailer.writeUInt32LE(textBytes, at);
    at = trailer.writeUInt32LE(checksums.length, at);
    at = trailer.writeUInt32LE(crc32c(trailer.subarray(0, at)), at);
    trailer.write(MAGIC, at, 'latin1');
    return trailer;
  }
}

/** Returns the checksums in a trailer, or undefined if it is not the expected one. */
function checksumsIn(trailer: Buffer, text: string, blocks: number): Buffer | undefined {
  const parsed = parseTrailer(trailer);
  return parsed?.text === text && parsed.checksums.length === 4 * blocks ? parsed.checksums : undefined;
}

/** Parses the end of a file. @returns undefined if it does not contain a valid trailer */
export function parseTrailer(end: Buffer): { readonly text: string; readonly checksums: Buffer } | undefined {
  const footer = end.length - FOOTER_BYTES;
  if (footer < 0 || end.toString('latin1', end.length - MAGIC.length) !== MAGIC) return undefined;
  const textBytes = end.readUInt32LE(footer);
  const start = footer - 4 * end.readUInt32LE(footer + 4) - textBytes;
  if (start < 0 || crc32c(end.subarray(start, footer + 8)) !== end.readUInt32LE(footer + 8)) return undefined;
  return {
    text: end.toString('utf8', start, start + textBytes),
    checksums: end.subarray(start + textBytes, footer),
  };
}

/** Fills memory on a thread of the host. @returns number of bytes read */
function readAhead(descriptor: number, target: Uint8Array, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(descriptor, target, 0, target.length, position, (error, bytes) => {
      if (error === null) resolve(bytes);
      else reject(error);
    });
  });
}

/** Sets the time of last use. */
function touch(descriptor: number): void {
  const now = Date.now() / 1000;
  try {
    futimesSync(descriptor, now, now);
  } catch {
    // The file belongs to another user. The time of its last write remains.
  }
}

/** Removes a file. @returns whether this call removed it */
export function remove(path: string): boolean {
  try {
    unlinkSync(path);
    return true;
  } catch {
    return false;
  }
}

/**
 * Writes a chunk as its bytes arrive, under a temporary name. Only a complete file gets its final
 * name, so a killed process leaves a temporary file, which the next writer of the chunk replaces.
 * All methods throw the errors of `node:fs`.
 */
export class ChunkWriter {
  readonly file: ChunkFile;
  /** Number of bytes written. */
  written = 0;
  readonly #descriptor: number;
  readonly #checksums: number[] = [];
  #ended = false;

  constructor(file: ChunkFile) {
    this.file = file;
    this.#descriptor = openSync(this.#temporary, WRITE, 0o666);
  }

  get #temporary(): string {
    return `${this.file.path}.tmp`;
  }

  /**
   * Writes the next bytes of the chunk.
   * @param position position of the bytes in the object
   */
  write(bytes: Uint8Array, position: number): void {
    if (position !== this.file.start + this.written) throw new Error(`unexpected bytes from ${position}`);
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#descriptor, bytes, at);
    for (let at = 0; at < bytes.length; ) {
      const block = Math.floor(this.written / BLOCK_BYTES);
      const step = Math.min(bytes.length - at, (block + 1) * BLOCK_BYTES - this.written);
      this.#checksums[block] = crc32c(bytes.subarray(at, at + step), this.#checksums[block] ?? 0);
      this.written += step;
      at += step;
    }
  }

  get complete(): boolean {
    return this.written === this.file.length;
  }

  /** Gives the complete file its final name. */
  commit(): void {
    const trailer = this.file.trailer(this.#checksums);
    for (let at = 0; at < trailer.length; ) at += writeSync(this.#descriptor, trailer, at);
    this.#close();
    renameFileSync(this.#temporary, this.file.path);
  }

  /** Removes the file unless it has its final name. */
  discard(): void {
    if (this.#ended) return;
    this.#close();
    remove(this.#temporary);
  }

  #close(): void {
    this.#ended = true;
    closeSync(this.#descriptor);
  }
}
