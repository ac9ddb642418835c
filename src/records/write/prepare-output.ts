import { constants, createDeflate, createGzip, type Gzip } from 'node:zlib';
import { RecordpipeError } from '../../errors.ts';
import type { Compression } from '../../formats/codec-options.ts';
import { locationOf } from '../../storage/inspect.ts';
import { discardOutput, openOutput } from '../../storage/output.ts';
import type { Output, Sink } from '../../storage/storage.ts';
import { type RecordWriteOptions, writeOptions, zlibOptions } from './write-options.ts';

/**
 * Writes bytes that are not records, such as an index or a report. The file appears under its name when it is whole. A link stays a
 * link: the file that it points to is replaced. A replaced file keeps its mode; devices and pipes are written in place.
 *
 * @param path a path or an `s3://` address
 * @param given as of the record writers; by default an existing file is an `already-exists` error
 * @returns bytes in the file
 * @throws RecordpipeError `already-exists`, `not-found`, `access-denied`, `io-failure`, `aborted`; what `pieces` throws
 * @example
 * ```ts
 * import { writeWhole } from 'recordpipe/records/write';
 * console.log(await writeWhole('notes.txt', [new TextEncoder().encode('checked\n')])); // 8
 * ```
 */
export async function writeWhole(
  path: string,
  pieces: Iterable<Uint8Array>,
  given: Partial<RecordWriteOptions> = {},
): Promise<number> {
  const options = writeOptions(given);
  const target = await prepareOutput(path, options, options.compression, () =>
    Promise.reject(new Error('not appending')),
  );
  try {
    for (const piece of pieces) await target.sink.write(piece);
    await target.sink.close();
    await target.file.name(path);
  } catch (error) {
    await discardOutput(target);
    throw error;
  }
  return target.sink.bytes;
}

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

/** What a file that is appended to contains. */
export interface Appendable {
  readonly compression: Compression;
  readonly records: number;
}

/**
 * Opens an output that compresses what is written, if the options say so.
 * @param given a path, an `s3://` address, or `-` for standard output
 * @param compression the requested compression, if any
 * @param check inspects an existing file to append to; throws if nothing can be appended to it
 * @param renamed whether the output will be published under another name
 */
export async function prepareOutput(
  given: string | URL,
  options: RecordWriteOptions,
  compression: Compression | undefined,
  check: (path: string) => Promise<Appendable>,
  renamed = false,
): Promise<Output> {
  const path = locationOf(given);
  const { overwrite, atomic, sync, blocking, objects, signal } = options;
  let actual = options.compression;
  const append = async (size: number): Promise<number> => {
    if (size === 0) return 0;
    const found = await check(path);
    checkAppending(found.compression, compression, path);
    actual = found.compression;
    // A gzip member without records would be the end of the file for TensorFlow.
    return found.records === 0 ? 0 : size;
  };
  const output = await openOutput(path, {
    overwrite,
    atomic,
    sync,
    blocking,
    renamed,
    objects,
    signal,
    append: options.append ? append : undefined,
  });
  return { ...output, sink: compressing(output.sink, { ...options, compression: actual }) };
}

function checkAppending(found: Compression, wanted: Compression | undefined, path: string): void {
  if (wanted !== undefined && found !== wanted) {
    const text = `appending ${wanted} to a file whose compression is ${found} would make it unreadable`;
    throw new RecordpipeError('unsupported-source', text, { uri: path });
  }
  if (found !== 'zlib') return;
  const text =
    'appending to a zlib file: TensorFlow reads only its first stream and would not see the new records; write a new file, or use gzip';
  throw new RecordpipeError('unsupported-source', text, { uri: path });
}
