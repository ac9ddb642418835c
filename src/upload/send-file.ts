import { type FileHandle, open } from 'node:fs/promises';
import { abortError, checkAborted, onAbort } from '../bytes/abortable.ts';
import { checkFile } from '../check/check-file.ts';
import type { FileReport } from '../check/file-report.ts';
import { failedFile } from '../check/file-report.ts';
import type { CheckedReading } from '../check/files-options.ts';
import type { Look } from '../check/look-inside.ts';
import { crc32cCombine } from '../crc32c/combine.ts';
import { crc32c } from '../crc32c/crc32c.ts';
import { isItemFailure, RecordpipeError } from '../errors.ts';
import { fileError } from '../storage/local/file-errors.ts';
import type { ObjectUpload } from '../storage/upload/object-upload.ts';
import type { WrittenObject } from '../storage/upload/stored-object.ts';

/** Memory for parts, of all files together: who wants more than there is waits for its turn. */
export class PartBuffers {
  readonly #idle: Uint8Array[] = [];
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @param most how many are in use at once */
  constructor(most: number) {
    this.#free = most;
  }

  /** @param bytes at least so many @throws RecordpipeError `aborted` when the signal fires meanwhile */
  async take(bytes: number, signal: AbortSignal): Promise<Uint8Array> {
    while (this.#free === 0) await this.#turn(signal);
    if (signal.aborted) {
      // The turn was ours, and is now that of the next one.
      this.#waiting.shift()?.();
      throw abortError(signal);
    }
    this.#free--;
    const idle = this.#idle.pop();
    return idle !== undefined && idle.length >= bytes ? idle : Buffer.allocUnsafeSlow(bytes);
  }

  give(buffer: Uint8Array): void {
    this.#idle.push(buffer);
    this.#free++;
    this.#waiting.shift()?.();
  }

  #turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stop = (): void => {
        const at = this.#waiting.indexOf(go);
        if (at >= 0) this.#waiting.splice(at, 1);
        reject(abortError(signal));
      };
      const go = (): void => {
        signal.removeEventListener('abort', stop);
        resolve();
      };
      if (signal.aborted) return reject(abortError(signal));
      onAbort(signal, stop);
      this.#waiting.push(go);
    });
  }
}

const CHUNK_BYTES = 1024 * 1024;

/** What a file held when it was checked. */
export interface FileHash {
  readonly size: number;
  /** CRC-32C of the whole. */
  readonly crc: number;
  /** Those of its parts, in order. */
  readonly parts: readonly number[];
}

/** A file that is read once from its beginning to its end, with the checksums of its parts as they will be sent. */
export class HashedFile {
  readonly path: string;
  readonly size: number;
  readonly #file: FileHandle;
  readonly #partBytes: number;
  readonly #parts: number[] = [];
  #at = 0;

  private constructor(path: string, file: FileHandle, size: number, partBytes: number) {
    this.path = path;
    this.size = size;
    this.#file = file;
    this.#partBytes = partBytes;
  }

  /** @param partBytes of a file of that size @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source` */
  static async open(path: string, partBytes: (size: number) => number): Promise<HashedFile> {
    const file = await openRegular(path);
    const { size } = await file.stat();
    return new HashedFile(path, file, size, partBytes(size));
  }

  /** Bytes read so far. */
  get at(): number {
    return this.#at;
  }

  /** The bytes that have not been read yet. Ending the iteration early is no harm: the next one goes on behind it. */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    for (let chunk = await this.#next(); chunk.length > 0; chunk = await this.#next()) yield chunk;
  }

  /** Reads what has not been read yet. @throws RecordpipeError `source-changed` for a file that has become another length meanwhile */
  async finish(signal: AbortSignal | undefined): Promise<FileHash> {
    for await (const _ of this.chunks()) if (signal?.aborted) break;
    const { size } = await this.#file.stat();
    if (this.#at !== this.size || size !== this.size) throw changedFile(this.path);
    let crc = 0;
    for (const [index, part] of this.#parts.entries())
      crc = crc32cCombine(crc, part, Math.min(this.#partBytes, this.size - index * this.#partBytes));
    return { size, crc, parts: this.#parts };
  }

  async close(): Promise<void> {
    await this.#file.close();
  }

  async #next(): Promise<Uint8Array> {
    const inPart = this.#at % this.#partBytes;
    // No chunk is of two parts, nor behind the size that was found.
    const most = Math.min(CHUNK_BYTES, this.#partBytes - inPart, this.size - this.#at);
    const buffer = Buffer.allocUnsafeSlow(most);
    let have: number;
    try {
      have = most === 0 ? 0 : (await this.#file.read(buffer, 0, most, this.#at)).bytesRead;
    } catch (error) {
      throw fileError(error, this.path);
    }
    const chunk = buffer.subarray(0, have);
    const part = Math.floor(this.#at / this.#partBytes);
    if (have > 0) this.#parts[part] = crc32c(chunk, this.#parts[part] ?? 0);
    this.#at += have;
    return chunk;
  }
}

/** @throws RecordpipeError; `unsupported-source` for what is no regular file */
export async function openRegular(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, 'r');
  } catch (error) {
    throw fileError(error, path);
  }
  const stat = await file.stat();
  if (stat.isFile()) return file;
  await file.close();
  const text = stat.isDirectory()
    ? 'is a directory; name the files in it'
    : 'is no regular file; only those can be checked and then sent';
  throw new RecordpipeError('unsupported-source', text, { uri: path });
}

export function changedFile(path: string): RecordpipeError {
  const text =
    'the file has changed since it was checked; nothing of it was sent, or what was sent has been taken away again. Upload it again when its writer has closed it';
  return new RecordpipeError('source-changed', text, { uri: path });
}

/** A file that has been looked at from its beginning to its end. */
export interface CheckedFile {
  /** What was found in it; undefined where it was not to be checked. */
  readonly report: FileReport | undefined;
  /** Undefined for a file that is bad, or cannot be read. */
  readonly hash: FileHash | undefined;
}

/** How a file is looked at. */
export interface Checking {
  /** Undefined: it is only read, for its checksums. */
  readonly reading: Partial<CheckedReading> | undefined;
  readonly maxErrors: number;
  /** The schema to check records against, if any. */
  readonly look: Look | undefined;
  readonly partBytes: (size: number) => number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (bytes: number) => void;
}

/**
 * Checks the records of a file, and computes the checksums of the same bytes, read once.
 * @throws RecordpipeError `aborted`, `source-changed`
 */
export async function checkAndHash(path: string, checking: Checking): Promise<CheckedFile> {
  const { reading, maxErrors, look, signal, onProgress } = checking;
  let file: HashedFile;
  try {
    file = await HashedFile.open(path, checking.partBytes);
  } catch (error) {
    if (!isItemFailure(error)) throw error;
    return { report: failedFile({ path }, error), hash: undefined };
  }
  try {
    let report: FileReport | undefined;
    if (reading !== undefined) {
      const task = { check: 'validate', maxErrors, blocking: false, reading, look } as const;
      report = await checkFile({ path }, task, { signal, onProgress, source: file.chunks() });
      if (!report.ok) return { report, hash: undefined };
    }
    const hash = await file.finish(signal);
    checkAborted(signal);
    return { report, hash };
  } finally {
    await file.close();
  }
}

/** What is sent, and from where. */
export interface Sending {
  readonly path: string;
  readonly hash: FileHash;
  readonly upload: ObjectUpload;
  readonly buffers: PartBuffers;
  /** Whether what an interrupted upload has sent is used. */
  readonly resume: boolean;
  readonly onSent: (bytes: number) => void;
}

/** An object that a file has become. */
export interface SentFile extends WrittenObject {
  /** Parts that an earlier, interrupted upload had sent. */
  readonly resumedParts: number;
}

/**
 * Sends a file, as it was when it was checked: each part is compared with the checksum that it had then.
 * Whoever calls it abandons the upload when it fails.
 * @throws RecordpipeError `source-changed`, and as the upload
 */
export async function sendFile(sending: Sending): Promise<SentFile> {
  const { path, hash, upload, buffers, onSent } = sending;
  const file = await openRegular(path);
  try {
    const partBytes = upload.partBytes(1);
    if (hash.size <= partBytes) {
      const buffer = await buffers.take(partBytes, upload.signal);
      try {
        const body = await readPart(file, sending, 0, buffer);
        const written = await upload.whole(body);
        onSent(body.length);
        return { ...written, resumedParts: 0 };
      } finally {
        buffers.give(buffer);
      }
    }
    const read = (index: number): Promise<Uint8Array> => partOf(file, sending, index);
    const there = sending.resume
      ? await upload.resume({ size: hash.size, crcs: hash.parts, partBytes, read })
      : new Set<number>();
    await sendParts(file, sending, there);
    if ((await file.stat()).size !== hash.size) throw changedFile(path);
    return { ...(await upload.complete()), resumedParts: there.size };
  } finally {
    await file.close();
  }
}

async function sendParts(file: FileHandle, sending: Sending, there: ReadonlySet<number>): Promise<void> {
  const { hash, upload, buffers, onSent } = sending;
  const partBytes = upload.partBytes(1);
  const underWay = new Set<Promise<void>>();
  try {
    for (const index of hash.parts.keys()) {
      if (there.has(index)) {
        onSent(Math.min(partBytes, hash.size - index * partBytes));
        continue;
      }
      const buffer = await buffers.take(partBytes, upload.signal);
      if (upload.failure !== undefined) {
        buffers.give(buffer);
        break;
      }
      const sent = sendPart(file, sending, index, buffer).finally(() => {
        buffers.give(buffer);
        underWay.delete(sent);
      });
      sent.catch(() => {}); // met below
      underWay.add(sent);
    }
  } catch (error) {
    // The first failure is the reason; waiting for memory then ends as well.
    throw upload.failure ?? error;
  } finally {
    // Before the file is closed.
    await Promise.allSettled(underWay);
  }
  if (upload.failure !== undefined) throw upload.failure;
}

async function sendPart(
  file: FileHandle,
  sending: Sending,
  index: number,
  buffer: Uint8Array,
): Promise<void> {
  const { upload, hash, onSent } = sending;
  try {
    const body = await readPart(file, sending, index, buffer);
    await upload.part(index + 1, body, hash.parts[index]);
    onSent(body.length);
  } catch (error) {
    upload.fail(error);
    throw error;
  }
}

async function partOf(file: FileHandle, sending: Sending, index: number): Promise<Uint8Array> {
  return readPart(file, sending, index, Buffer.allocUnsafeSlow(sending.upload.partBytes(1)));
}

/** Reads a part, and compares it with what was checked. */
async function readPart(
  file: FileHandle,
  { path, hash, upload }: Sending,
  index: number,
  buffer: Uint8Array,
): Promise<Uint8Array> {
  const start = index * upload.partBytes(1);
  const length = Math.min(upload.partBytes(1), hash.size - start);
  let have = 0;
  try {
    while (have < length) {
      const { bytesRead } = await file.read(buffer, have, length - have, start + have);
      if (bytesRead === 0) throw changedFile(path);
      have += bytesRead;
    }
  } catch (error) {
    throw fileError(error, path);
  }
  const body = buffer.subarray(0, length);
  if (crc32c(body) !== (hash.parts[index] ?? 0)) throw changedFile(path);
  return body;
}
