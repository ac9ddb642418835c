import { writeSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';
import { constants, createDeflate, createGzip, type Gzip } from 'node:zlib';
import { fileError } from '../../bytes/files/file-errors.ts';
import { RecordpipeError } from '../../errors.ts';
import type { RecordWriteOptions } from './write-options.ts';
import { zlibOptions } from './write-options.ts';

/** Where framed bytes go, in order. The bytes of a write stay untouched until its promise settles; one call at a time. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  /** Writes before it returns; only where the writer may block its thread. @throws RecordpipeError as `write` */
  writeNow?: ((bytes: Uint8Array) => void) | undefined;
  /** Hands everything written so far to the operating system, so that readers see it. */
  flush(): Promise<void>;
  /** Ends the stream and closes the file. */
  close(): Promise<void>;
  /** Closes the file without ending the stream. */
  destroy(): Promise<void>;
  /** Bytes in the file so far. */
  readonly bytes: number;
}

/** The most bytes of one write: the host takes less than 2^31. */
const WRITE_BYTES = 2 ** 30;

/** Opens a file as a sink, compressing when told to. */
export async function openSink(
  path: string,
  flags: 'w' | 'wx' | 'a',
  options: RecordWriteOptions,
  uri: string,
  mode?: number,
): Promise<Sink> {
  let handle: FileHandle;
  try {
    handle = await open(path, flags, mode);
  } catch (error) {
    throw openError(error, path, uri);
  }
  return compressing(new FileSink(handle, options, uri), options);
}

/** `sink`, with what goes through it compressed as the options say. */
export function compressing(sink: Sink, options: RecordWriteOptions): Sink {
  return options.compression === 'none' ? sink : new CompressingSink(sink, options);
}

function openError(error: unknown, path: string, uri: string): RecordpipeError {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT') return fileError(error, uri);
  const text = `the directory ${dirname(path)} does not exist; create it first`;
  return new RecordpipeError('not-found', text, { uri }, error);
}

class FileSink implements Sink {
  bytes = 0;
  readonly #handle: FileHandle;
  readonly writeNow: ((bytes: Uint8Array) => void) | undefined;
  readonly #sync: boolean;
  readonly #uri: string;

  constructor(handle: FileHandle, { sync, blocking }: RecordWriteOptions, uri: string) {
    this.#handle = handle;
    this.#sync = sync;
    this.#uri = uri;
    this.writeNow = blocking ? (bytes) => this.#writeNow(bytes) : undefined;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length; ) {
        const length = Math.min(bytes.length - at, WRITE_BYTES);
        const { bytesWritten } = await this.#handle.write(bytes, at, length);
        at += bytesWritten;
        this.bytes += bytesWritten;
      }
    } catch (error) {
      throw fileError(error, this.#uri);
    }
  }

  #writeNow(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) {
        const written = writeSync(this.#handle.fd, bytes, at, Math.min(bytes.length - at, WRITE_BYTES));
        at += written;
        this.bytes += written;
      }
    } catch (error) {
      throw fileError(error, this.#uri);
    }
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {
    try {
      if (this.#sync) await this.#handle.sync();
    } catch (error) {
      // What fsync(2) says of pipes and devices, which have nothing to force.
      if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw fileError(error, this.#uri);
    } finally {
      await this.#handle.close();
    }
  }

  destroy(): Promise<void> {
    return this.#handle.close().catch(() => {});
  }
}

/** Bytes compressed at a time. */
const PIECE_BYTES = 1024 * 1024;

class CompressingSink implements Sink {
  readonly #file: Sink;
  readonly #engine: Gzip;
  /** Whether a stream that would hold nothing is left out. */
  readonly #omitEmpty: boolean;
  #begun = false;
  /** Compressed chunks not yet in the file. */
  #output: Uint8Array[] = [];
  #fail: (error: Error) => void = () => {};

  constructor(file: Sink, options: RecordWriteOptions) {
    this.#file = file;
    // TensorFlow takes an empty gzip member for the end of the file and never sees what is behind it.
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
    // In pieces, so that a large record does not wait in memory a second time, compressed.
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
