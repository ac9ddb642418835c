import { type FileHandle, open } from 'node:fs/promises';
import { fileError } from '../bytes/file-errors.ts';
import { crc32cCombine } from '../crc32c/combine.ts';
import { crc32c } from '../crc32c/crc32c.ts';
import { RecordpipeError } from '../errors.ts';

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
