import fs from 'node:fs';
import type { ChunkReading } from '../../bytes/sources.ts';
import { RecordStage } from '../../dataset/record-stage.ts';
import type { Step } from '../../dataset/stage.ts';
import { RecordpipeError } from '../../errors.ts';
import type { RecordBatch } from '../../formats/batch.ts';
import { type FifoReading, fifoChunks } from '../../storage/local/fifo-chunks.ts';
import { fileChunks } from '../../storage/local/file-chunks.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import type { EpochReading } from './epoch-reading.ts';

/** The records of one epoch, one by one; counts what has been handed out. */
export class EpochStage extends RecordStage {
  readonly #reading: EpochReading;

  constructor(reading: EpochReading) {
    super((signal): AsyncIterator<RecordBatch> => reading.batches(signal, false));
    this.#reading = reading;
  }

  override next(): Step<Uint8Array> {
    const step = super.next();
    if (typeof step !== 'symbol') this.#reading.handOut(1);
    return step;
  }

  override pass(count: number): number {
    const passed = super.pass(count);
    if (passed > 0) this.#reading.handOut(passed);
    return passed;
  }
}

/** What a timer takes; longer ones fire at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** What lies at the path of an epoch, open: a named pipe, or a regular file, which the original takes as well. */
export class EpochSource {
  readonly path: string;
  readonly isPipe: boolean;
  readonly #descriptor: number;
  /** Whether a byte, or the end, has come. */
  #heard = false;
  #unused = false;
  #closed = false;

  /**
   * Opens without waiting for a writer.
   * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`, `unsupported-source`
   */
  constructor(path: string) {
    this.path = path;
    try {
      this.#descriptor = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    } catch (error) {
      throw fileError(error, path);
    }
    const stat = fs.fstatSync(this.#descriptor);
    this.isPipe = stat.isFIFO();
    if (this.isPipe || stat.isFile()) return;
    fs.closeSync(this.#descriptor);
    throw new RecordpipeError('unsupported-source', 'expected a named pipe or a regular file', { uri: path });
  }

  /** How many bytes there are, where that is known. */
  get size(): (() => number) | undefined {
    return this.isPipe ? undefined : () => fs.fstatSync(this.#descriptor).size;
  }

  /** Whether it was closed before a writer came, so that its epoch can still be read by somebody. */
  get unused(): boolean {
    return this.#unused;
  }

  /** The bytes, once; ending the iteration closes the source. */
  chunks(reading: ChunkReading, idleTimeoutMs: number): AsyncIterable<Uint8Array> {
    const chunks = this.#read(reading, idleTimeoutMs)[Symbol.asyncIterator]();
    const hear = (step: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> => {
      this.#heard = true;
      return step;
    };
    const iterator: AsyncIterator<Uint8Array> = {
      next: () => (this.#heard ? chunks.next() : chunks.next().then(hear)),
      return: async () => {
        this.#look();
        this.#closed = true;
        await chunks.return?.();
        return { done: true, value: undefined };
      },
    };
    return { [Symbol.asyncIterator]: () => iterator };
  }

  /** Closes what nobody has begun to read. */
  close(): void {
    if (this.#closed) return;
    this.#look();
    this.#closed = true;
    fs.closeSync(this.#descriptor);
  }

  #read(reading: ChunkReading, idleTimeoutMs: number): AsyncIterable<Uint8Array> {
    const { path: uri } = this;
    const descriptor = this.#descriptor;
    if (!this.isPipe) {
      const { size } = fs.fstatSync(descriptor);
      return fileChunks(fs, { descriptor, uri, own: true, start: 0, size }, reading);
    }
    const idle =
      idleTimeoutMs > MAX_TIMER_MS
        ? undefined
        : { ms: idleTimeoutMs, error: (waitedMs: number) => this.#silent(waitedMs) };
    const fifo: FifoReading = { ...reading, idle };
    return fifoChunks(descriptor, uri, fifo);
  }

  /** Before the pipe is closed: a pipe without writers reads as its end, one with a silent writer says to try again. */
  #look(): void {
    if (this.#closed || this.#heard || !this.isPipe) return;
    try {
      this.#unused = fs.readSync(this.#descriptor, new Uint8Array(1)) === 0;
    } catch {}
  }

  #silent(waitedMs: number): RecordpipeError {
    this.#look();
    this.#closed = true;
    const ms = Math.round(waitedMs);
    const what = this.#unused
      ? `nobody opened the pipe for writing within ${ms} ms; is the agent running?`
      : `the writer was silent for ${ms} ms`;
    return new RecordpipeError('pipe-timeout', what, { uri: this.path });
  }
}
