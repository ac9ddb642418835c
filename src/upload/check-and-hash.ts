import { checkAborted } from '../bytes/abortable.ts';
import { checkFile } from '../check/check-file.ts';
import { type FileReport, failedFile } from '../check/file-report.ts';
import type { CheckedReading } from '../check/files-options.ts';
import type { Look } from '../check/look-inside.ts';
import { crc32c, crc32cCombine } from '../crc32c/crc32c.ts';
import { isItemFailure, RecordpipeError } from '../errors.ts';
import { localSize } from '../storage/inspect.ts';
import type { StoredFile } from '../storage/storage.ts';
import { openStoredFile } from '../storage/stored-file.ts';

const CHUNK_BYTES = 1024 * 1024;

/** Size and checksums of a file when it was checked. */
export interface FileHash {
  readonly size: number;
  /** CRC-32C of the whole file. */
  readonly crc: number;
  /** CRC-32C of each part, in order. */
  readonly parts: readonly number[];
}

/** Result of checking a file. */
export interface CheckedFile {
  /** Report of the validation; undefined if the records were not validated. */
  readonly report: FileReport | undefined;
  /** Checksums of the file; undefined if it is invalid or unreadable. */
  readonly hash: FileHash | undefined;
}

/** Options for checking a file. */
export interface Checking {
  /** Options for validating records. If undefined, only checksums are computed. */
  readonly reading: Partial<CheckedReading> | undefined;
  readonly maxErrors: number;
  /** How to check record contents against the schema, if there is one. */
  readonly look: Look | undefined;
  readonly partBytes: (size: number) => number;
  readonly signal: AbortSignal | undefined;
  readonly onProgress: (bytes: number) => void;
}

/**
 * Validates the records of a file and computes the checksums of the same bytes in one pass.
 * @throws RecordpipeError `aborted`, `source-changed`
 */
export async function checkAndHash(path: string, checking: Checking): Promise<CheckedFile> {
  const { reading, maxErrors, look, signal, onProgress } = checking;
  let file: HashedFile;
  try {
    file = new HashedFile(await openStoredFile(path), checking.partBytes);
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

/** Returns the error for a file that has changed since its check. */
export function changedFile(path: string): RecordpipeError {
  const text =
    'the file has changed since it was checked, so its upload was discarded; upload the file again after its writer has closed it';
  return new RecordpipeError('source-changed', text, { uri: path });
}

/** Reads a file once, sequentially, and computes the checksums of its upload parts. */
class HashedFile {
  readonly #file: StoredFile;
  readonly #partBytes: number;
  readonly #parts: number[] = [];
  #at = 0;

  /** @param partBytes returns the part size for a given file size */
  constructor(file: StoredFile, partBytes: (size: number) => number) {
    this.#file = file;
    this.#partBytes = partBytes(file.size);
  }

  /**
   * Yields the bytes that have not been read yet. If an iteration stops early, the next one resumes
   * at the same position.
   */
  async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    while (this.#at < this.#file.size) yield await this.#next();
  }

  /**
   * Reads the rest of the file and returns its checksums.
   * @throws RecordpipeError `source-changed` if the size of the file has changed
   */
  async finish(signal: AbortSignal | undefined): Promise<FileHash> {
    const { size, path } = this.#file;
    for await (const _ of this.chunks()) if (signal?.aborted) break;
    checkAborted(signal);
    if (localSize(path) !== size) throw changedFile(path);
    let crc = 0;
    for (const [index, part] of this.#parts.entries())
      crc = crc32cCombine(crc, part, Math.min(this.#partBytes, size - index * this.#partBytes));
    return { size, crc, parts: this.#parts };
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Reads the next chunk, which never spans two parts. */
  async #next(): Promise<Uint8Array> {
    const inPart = this.#at % this.#partBytes;
    const chunk = Buffer.allocUnsafeSlow(
      Math.min(CHUNK_BYTES, this.#partBytes - inPart, this.#file.size - this.#at),
    );
    await this.#file.read(chunk, 0, chunk.length, this.#at);
    const part = Math.floor(this.#at / this.#partBytes);
    this.#parts[part] = crc32c(chunk, this.#parts[part] ?? 0);
    this.#at += chunk.length;
    return chunk;
  }
}
