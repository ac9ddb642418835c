import { closeSync, constants, fstatSync, openSync, read, readSync } from 'node:fs';
import { checkPath } from '../../bytes/arguments.ts';
import { RecordpipeError } from '../../errors.ts';
import { FileUses } from '../file-uses.ts';
import type { StoredFile } from '../storage.ts';
import { fileError, shrunk } from './file-errors.ts';
import { pathOf } from './list-files.ts';

/** Maximum number of bytes per read. The system reads less than 2^31 bytes at a time. */
const READ_BYTES = 2 ** 30;
/**
 * Flags that open a named pipe without waiting for its writer; the pipe is then rejected. Windows
 * lacks the second flag.
 */
const FLAGS = constants.O_RDONLY | (constants.O_NONBLOCK ?? 0);

/** A regular file. */
export class LocalFile implements StoredFile {
  readonly path: string;
  readonly remote = undefined;
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly #descriptor: number;
  readonly #uses = new FileUses();

  /**
   * Opens a file.
   * @throws RecordpipeError `not-found`, `access-denied`, `unsupported-source`, `io-failure`
   */
  constructor(given: string | URL) {
    checkPath('path', given);
    this.path = pathOf(String(given));
    try {
      this.#descriptor = openSync(this.path, FLAGS);
    } catch (error) {
      throw fileError(error, this.path);
    }
    const stat = fstatSync(this.#descriptor, { bigint: true });
    this.size = Number(stat.size);
    this.mtimeNs = stat.mtimeNs;
    if (stat.isFile()) return;
    closeSync(this.#descriptor);
    throw new RecordpipeError(
      'unsupported-source',
      `${stat.isDirectory() ? 'is a directory; specify the files in it' : 'is not a regular file; pipes and devices do not support random access, so copy the data to a file'}`,
      { uri: this.path },
    );
  }

  get closed(): boolean {
    return this.#uses.closing;
  }

  get unchanged(): boolean {
    const { size, mtimeNs } = fstatSync(this.#descriptor, { bigint: true });
    return Number(size) === this.size && mtimeNs === this.mtimeNs;
  }

  readNow(target: Uint8Array, at: number, length: number, position: number): void {
    if (this.#uses.ended) throw this.closedError();
    for (let have = 0; have < length; ) {
      let count: number;
      try {
        const wanted = Math.min(length - have, READ_BYTES);
        count = readSync(this.#descriptor, target, at + have, wanted, position + have);
      } catch (error) {
        throw this.#failure(error);
      }
      if (count === 0) throw this.#shrunk(position + have);
      have += count;
    }
  }

  /** Reads on a thread of the host's thread pool. */
  read(target: Uint8Array, at: number, length: number, position: number): Promise<void> {
    return this.use(async () => {
      for (let have = 0; have < length; ) {
        const wanted = Math.min(length - have, READ_BYTES);
        const count = await this.#readSome(target, at + have, wanted, position + have);
        if (count === 0) throw this.#shrunk(position + have);
        have += count;
      }
    });
  }

  prepare(): undefined {
    return undefined;
  }

  stream(): never {
    throw new Error('only remote files can be streamed');
  }

  async use<T>(work: () => Promise<T>): Promise<T> {
    if (this.#uses.ended) throw this.closedError();
    return this.#uses.run(work);
  }

  closedError(): RecordpipeError {
    return new RecordpipeError('closed', 'the file is closed', { uri: this.path });
  }

  async close(): Promise<void> {
    if (await this.#uses.end()) closeSync(this.#descriptor);
  }

  #readSome(target: Uint8Array, at: number, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      read(this.#descriptor, target, at, length, position, (error, count) => {
        if (error === null) resolve(count);
        else reject(this.#failure(error));
      });
    });
  }

  #failure(error: unknown): RecordpipeError {
    return fileError(error, this.path);
  }

  #shrunk(end: number): RecordpipeError {
    return new RecordpipeError('source-changed', shrunk(this.size, end).message, { uri: this.path });
  }
}
