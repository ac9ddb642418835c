import fs from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ChunkReading } from '../../bytes/sources.ts';
import { RecordpipeError } from '../../errors.ts';
import { type FifoReading, fifoChunks } from '../../storage/local/fifo-chunks.ts';
import { fileChunks } from '../../storage/local/file-chunks.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { withFileErrors } from '../job/config-file.ts';

/** The longest delay of a timer; longer ones fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The open pipe of an epoch, or a regular file in its place, which SageMaker's readers accept too. */
export class EpochSource {
  readonly path: string;
  readonly #isPipe: boolean;
  readonly #descriptor: number;
  /** Whether a byte, or the end, has arrived. */
  #heard = false;
  #unused = false;
  #closed = false;

  /**
   * Opens without waiting for a writer.
   * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`
   */
  constructor(path: string) {
    this.path = path;
    const flags = fs.constants.O_RDONLY | fs.constants.O_NONBLOCK;
    this.#descriptor = withFileErrors(path, () => fs.openSync(path, flags));
    const stat = fs.fstatSync(this.#descriptor);
    this.#isPipe = stat.isFIFO();
    if (this.#isPipe || stat.isFile()) return;
    fs.closeSync(this.#descriptor);
    throw new RecordpipeError('unsupported-source', 'expected a named pipe or a regular file', { uri: path });
  }

  /** The size in bytes, if it is known. */
  get size(): (() => number) | undefined {
    return this.#isPipe ? undefined : () => fs.fstatSync(this.#descriptor).size;
  }

  /** Whether it was closed before a writer came: somebody else can still read the epoch. */
  get unused(): boolean {
    return this.#unused;
  }

  /** The bytes, once. Ending the iteration closes the source. */
  chunks(reading: ChunkReading, idleTimeoutMs: number): AsyncIterable<Uint8Array> {
    const chunks = this.#read(reading, idleTimeoutMs)[Symbol.asyncIterator]();
    const hear = (step: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> => {
      this.#heard = true;
      return step;
    };
    const iterator: AsyncIterator<Uint8Array> = {
      next: () => (this.#heard ? chunks.next() : chunks.next().then(hear)),
      return: async () => {
        this.#beforeClose();
        await chunks.return?.();
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  /** Closes a source whose bytes were not read. */
  close(): void {
    if (this.#closed) return;
    this.#beforeClose();
    fs.closeSync(this.#descriptor);
  }

  #read(reading: ChunkReading, idleTimeoutMs: number): AsyncIterable<Uint8Array> {
    const { path: uri } = this;
    const descriptor = this.#descriptor;
    if (!this.#isPipe) {
      const { size } = fs.fstatSync(descriptor);
      return fileChunks(fs, { descriptor, uri, own: true, start: 0, size }, reading);
    }
    const idle: FifoReading['idle'] =
      idleTimeoutMs > MAX_TIMER_MS
        ? undefined
        : { ms: idleTimeoutMs, error: (waitedMs: number) => this.#silent(waitedMs) };
    return fifoChunks(descriptor, uri, { ...reading, idle });
  }

  /** A pipe without writers reads as its end; a pipe with a silent writer says to try again. */
  #beforeClose(): void {
    if (!this.#closed && !this.#heard && this.#isPipe) {
      try {
        this.#unused = fs.readSync(this.#descriptor, new Uint8Array(1)) === 0;
      } catch {}
    }
    this.#closed = true;
  }

  #silent(waitedMs: number): RecordpipeError {
    this.#beforeClose();
    const ms = Math.round(waitedMs);
    const what = this.#unused
      ? `nobody opened the pipe for writing within ${ms} ms; is the agent running?`
      : `the writer was silent for ${ms} ms`;
    return new RecordpipeError('pipe-timeout', what, { uri: this.path });
  }
}

/**
 * The files of a channel in File mode: all regular files below its folder and links to files, sorted
 * by the bytes of their paths.
 * @throws RecordpipeError `not-found` if there are none, `access-denied`, `io-failure`
 */
export async function channelFiles(pipeDir: string, channel: string): Promise<string[]> {
  const folder = join(pipeDir, channel);
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch((error: unknown) => {
    throw fileError(error, folder);
  });
  const files = entries.filter((entry) => entry.isFile() || entry.isSymbolicLink());
  const paths = files.map(({ parentPath, name }) => Buffer.from(join(parentPath, name)));
  if (paths.length > 0) return paths.sort(Buffer.compare).map(String);
  throw new RecordpipeError('not-found', 'the folder of the channel has no files', { uri: folder });
}
