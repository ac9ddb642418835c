import { abortError, onAbort } from '../bytes/abortable.ts';
import { crc32c } from '../crc32c/crc32c.ts';
import { isRecordpipeError } from '../errors.ts';
import { localSize } from '../storage/inspect.ts';
import type { StoredFile } from '../storage/storage.ts';
import { openStoredFile } from '../storage/stored-file.ts';
import type { ObjectUpload } from '../storage/upload/object-upload.ts';
import type { WrittenObject } from '../storage/upload/stored-object.ts';
import { changedFile, type FileHash } from './check-and-hash.ts';

/** A file to upload, with its options. */
export interface Sending {
  readonly path: string;
  readonly hash: FileHash;
  readonly upload: ObjectUpload;
  readonly buffers: PartBuffers;
  /** Whether to reuse parts of an interrupted upload. */
  readonly resume: boolean;
  readonly onSent: (bytes: number) => void;
}

/** The object that was written for a file. */
export interface SentFile extends WrittenObject {
  /** Number of parts reused from an interrupted upload. */
  readonly resumedParts: number;
}

/**
 * Uploads a file and verifies that it has not changed: each part is compared with the checksum
 * computed during the check. After a failure, the caller must abort the upload.
 * @throws RecordpipeError `source-changed`, and the same errors as the upload
 */
export async function sendFile(sending: Sending): Promise<SentFile> {
  const { path, hash, upload, buffers, onSent } = sending;
  const file = await openStoredFile(path);
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
    const read = (index: number): Promise<Uint8Array> =>
      readPart(file, sending, index, Buffer.allocUnsafeSlow(partBytes));
    const present = sending.resume
      ? await upload.resume({ size: hash.size, crcs: hash.parts, partBytes, read })
      : new Set<number>();
    await sendParts(file, sending, present);
    if (localSize(path) !== hash.size) throw changedFile(path);
    return { ...(await upload.complete()), resumedParts: present.size };
  } finally {
    await file.close();
  }
}

async function sendParts(file: StoredFile, sending: Sending, present: ReadonlySet<number>): Promise<void> {
  const { hash, upload, buffers, onSent } = sending;
  const partBytes = upload.partBytes(1);
  const unfinished = new Set<Promise<void>>();
  try {
    for (const index of hash.parts.keys()) {
      if (present.has(index)) {
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
        unfinished.delete(sent);
      });
      sent.catch(() => {}); // `allSettled` below handles a rejection.
      unfinished.add(sent);
    }
  } catch (error) {
    // Throw the first failure, which is the cause. It also aborts the wait for memory.
    throw upload.failure ?? error;
  } finally {
    // Wait for all parts before closing the file.
    await Promise.allSettled(unfinished);
  }
  if (upload.failure !== undefined) throw upload.failure;
}

async function sendPart(
  file: StoredFile,
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

/** Reads a part and verifies its checksum. */
async function readPart(
  file: StoredFile,
  { path, hash, upload }: Sending,
  index: number,
  buffer: Uint8Array,
): Promise<Uint8Array> {
  const start = index * upload.partBytes(1);
  const length = Math.min(upload.partBytes(1), hash.size - start);
  try {
    await file.read(buffer, 0, length, start);
  } catch (error) {
    throw isRecordpipeError(error, 'source-changed') ? changedFile(path) : error;
  }
  const body = buffer.subarray(0, length);
  if (crc32c(body) !== (hash.parts[index] ?? 0)) throw changedFile(path);
  return body;
}

/**
 * Buffers for parts, shared by all files. If all are in use, callers wait in the order of their
 * calls.
 */
export class PartBuffers {
  readonly #idle: Uint8Array[] = [];
  readonly #waiting: (() => void)[] = [];
  #free: number;

  /** @param max maximum number of buffers in use */
  constructor(max: number) {
    this.#free = max;
  }

  /**
   * Returns a buffer once one is available.
   * @param bytes minimum size
   * @throws RecordpipeError `aborted` if the signal fires while waiting
   */
  async take(bytes: number, signal: AbortSignal): Promise<Uint8Array> {
    while (this.#free === 0) await this.#turn(signal);
    if (signal.aborted) {
      // Wake the next caller.
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
