import { constants, createDeflate, createGzip, type Gzip } from 'node:zlib';
import { RecordpipeError } from '../../errors.ts';
import type { Compression } from '../../formats/codec-options.ts';
import { locationOf } from '../../storage/inspect.ts';
import { discardOutput, openOutput } from '../../storage/output.ts';
import type { Output, Sink } from '../../storage/storage.ts';
import { type RecordWriteOptions, writeOptions, zlibOptions } from './write-options.ts';

/** The contents of a file to append to. */
export interface Appendable {
  readonly compression: Compression;
  readonly records: number;
}

/** How to open an output, in addition to the options of its writer. */
export interface OutputRequest {
  /** Requested compression, if any. */
  readonly compression?: Compression | undefined;
  /**
   * Inspects an existing file before appending to it. Throws if the file does not support
   * appending.
   */
  readonly checkAppendable?: (path: string) => Promise<Appendable>;
  /** Whether the output will be published under another name. Default false. */
  readonly renamed?: boolean;
}

/**
 * Opens an output that compresses its bytes as the options specify.
 * @param given a path, an `s3://` address, or `-` for standard output
 */
export async function prepareOutput(
  given: string | URL,
  options: RecordWriteOptions,
  { compression, checkAppendable, renamed = false }: OutputRequest = {},
): Promise<Output> {
  const path = locationOf(given);
  const { overwrite, atomic, sync, blocking, objects, signal } = options;
  let actual = options.compression;
  const append =
    options.append && checkAppendable !== undefined
      ? async (size: number): Promise<number> => {
          if (size === 0) return 0;
          const found = await checkAppendable(path);
          checkAppending(found.compression, compression, path);
          actual = found.compression;
          // TensorFlow treats a gzip member without records as the end of the file.
          return found.records === 0 ? 0 : size;
        }
      : undefined;
  const opening = { overwrite, atomic, sync, blocking, renamed, objects, signal, append };
  const output = await openOutput(path, opening);
  if (actual === 'none') return output;
  return { ...output, sink: new CompressingSink(output.sink, { ...options, compression: actual }) };
}

/**
 * Writes bytes that are not records, such as an index or a report. The file appears under its name
 * when it is complete. If the path is a link, the link remains and the file that it points to is
 * replaced. A replaced file keeps its mode; devices and pipes are written in place.
 *
 * @param path a path or an `s3://` address
 * @param given options of a writer; by default, an existing file is an `already-exists` error
 * @returns the number of bytes in the file
 * @throws RecordpipeError `already-exists`, `not-found`, `access-denied`, `io-failure`, `aborted`;
 *   errors of `pieces`
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
  const target = await prepareOutput(path, writeOptions(given));
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

function checkAppending(found: Compression, wanted: Compression | undefined, path: string): void {
  if (wanted !== undefined && found !== wanted) {
    const text = `appending ${wanted} to a file whose compression is ${found} would make the file unreadable`;
    throw new RecordpipeError('unsupported-source', text, { uri: path });
  }
  if (found !== 'zlib') return;
  const text =
    'cannot append to a zlib file, because TensorFlow reads only the first zlib stream of a file; write a new file, or use gzip';
  throw new RecordpipeError('unsupported-source', text, { uri: path });
}

/** Number of bytes to compress in one step, so that memory never holds a large record twice. */
const PIECE_BYTES = 1024 * 1024;

/** A sink that compresses bytes and writes them to another sink. */
class CompressingSink implements Sink {
  readonly #file: Sink;
  readonly #engine: Gzip;
  /** Whether to write nothing if the stream is empty. */
  readonly #omitEmpty: boolean;
  #begun = false;
  /** Compressed chunks that are not yet in the file. */
  #output: Uint8Array[] = [];
  #fail: (error: Error) => void = () => {};

  constructor(file: Sink, options: RecordWriteOptions) {
    this.#file = file;
    // TensorFlow treats an empty gzip member as the end of the file.
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
