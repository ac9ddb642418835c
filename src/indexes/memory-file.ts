import { RecordpipeError } from '../errors.ts';
import type { DataFile } from './data-file.ts';

/** A file that has been read into memory: the index of an object. */
export class MemoryFile implements DataFile {
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
    throw new Error('what is in memory is read there');
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
