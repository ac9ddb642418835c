import { constants, createDeflate, createGzip, type Gzip } from 'node:zlib';
import type { Sink } from '../../storage/storage.ts';
import { type RecordWriteOptions, zlibOptions } from './write-options.ts';

/** Bytes compressed at a time. */
const PIECE_BYTES = 1024 * 1024;

/** `sink`, compressing what is written to it if the options say so. */
export function compressing(sink: Sink, options: RecordWriteOptions): Sink {
  return options.compression === 'none' ? sink : new CompressingSink(sink, options);
}

class CompressingSink implements Sink {
  readonly #file: Sink;
  readonly #engine: Gzip;
  /** Whether an empty stream is omitted. */
  readonly #omitEmpty: boolean;
  #begun = false;
  /** Compressed chunks not yet in the file. */
  #output: Uint8Array[] = [];
  #fail: (error: Error) => void = () => {};

  constructor(file: Sink, options: RecordWriteOptions) {
    this.#file = file;
    // TensorFlow treats an empty gzip member as the end of the file and never sees what follows it.
    this.#omitEmpty = options.append;
    const make = options.compression === 'gzip' ? createGzip : createDeflate;
    this.#engine = make(zlibOptions(options)) as Gzip;
    this.#engine.on('data', (chunk: Uint8Array) => this.#output.push(chunk));
    this.#engine.on('error', (error) => this.#fail(error));
  }

  get bytes(): number {
    return this.#file.bytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    this.#begun = true;
    // In pieces, so that memory does not hold a large record a second time, compressed.
    for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
      const piece = bytes.subarray(at, at + PIECE_BYTES);
      await this.#run((done) => this.#engine.write(piece, done));
    }
  }

  async flush(): Promise<void> {
    if (this.#begun || !this.#omitEmpty)
      await this.#run((done) => this.#engine.flush(constants.Z_SYNC_FLUSH, () => done()));
  }

  async close(): Promise<void> {
    if (this.#begun || !this.#omitEmpty) {
      await this.#run((done) => {
        this.#engine.once('end', () => done());
        this.#engine.end();
      });
    }
    this.#engine.destroy();
    await this.#file.close();
  }

  async destroy(): Promise<void> {
    this.#engine.destroy();
    await this.#file.destroy();
  }

  async #run(step: (done: (error?: Error | null) => void) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#fail = reject;
      step((error) => (error ? reject(error) : resolve()));
    });
    for (const chunk of this.#output.splice(0)) await this.#file.write(chunk);
  }
}
