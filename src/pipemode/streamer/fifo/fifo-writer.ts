import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { abortError, onAbort } from '../../../bytes/abortable.ts';
import { RecordpipeError } from '../../../errors.ts';
import { fileError } from '../../../storage/local/file-errors.ts';
import type { OwnFifo } from './open-fifo.ts';
import { hasReader } from './open-fifo.ts';

/** Handed to the event loop at a time: enough to keep a pipe of 64 KiB busy, and little enough to tell how far a slow reader is. */
const SLICE_BYTES = 256 * 1024;
/** So much may wait in front of the pipe. */
const WAITING_BYTES = 1024 * 1024;
/** A pipe that was full is tried again after at most so many chunks. */
const MAX_UNTRIED = 64;
/** How often a silent pipe is asked whether its reader is still there. */
const PROBE_MS = 1000;

/** What is counted while an epoch is written. */
export interface FifoStats {
  /** Bytes that the pipe has taken. */
  readonly bytes: number;
  /** Milliseconds in which bytes waited for the reader. */
  readonly blockedMs: number;
}

/**
 * Writes into a named pipe that a reader has opened, without blocking: what the pipe takes at once, it takes in the call, and the event loop writes the rest.
 * No thread is held up by a reader that stops, and nothing keeps the process from ending. Chunks are written as they are, none is copied.
 */
export class FifoWriter {
  readonly #fifo: OwnFifo;
  readonly #descriptor: number;
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  /** Written by the call. */
  #atOnce = 0;
  /** Chunks that are left to the event loop before the pipe is tried again. */
  #untried = 0;
  #pause = 1;
  #gone = false;
  #failure: RecordpipeError | undefined;
  #closed = false;
  /** A socket closes by itself when its reader has gone. */
  readonly #whenClosed: Promise<void>;
  /** Told when there is room again, the reader is gone or writing has failed. */
  #wake: (() => void) | undefined;
  #blockedSince = 0;
  #blockedMs = 0;
  #probe: ReturnType<typeof setInterval> | undefined;
  /** When the event loop last had nothing left to write. */
  #emptySince = performance.now();

  /** @param descriptor open for writing without blocking; closed at the end */
  constructor(fifo: OwnFifo, descriptor: number, signal: AbortSignal) {
    this.#fifo = fifo;
    this.#descriptor = descriptor;
    this.#signal = signal;
    this.#socket = new Socket({
      fd: descriptor,
      readable: false,
      writable: true,
      // @ts-expect-error Node takes the options of streams as well; the types do not know it.
      writableHighWaterMark: WAITING_BYTES,
    });
    this.#whenClosed = new Promise((resolve) => void this.#socket.once('close', () => resolve()));
    this.#socket.on('drain', () => this.#resume());
    this.#socket.on('error', (error: NodeJS.ErrnoException) => {
      this.#failed(error);
      this.#resume();
    });
    onAbort(signal, this.#abort);
    if (signal.aborted) this.#abort();
  }

  /** Whether the reader has closed its end. A silent writer finds out within a second. */
  get readerGone(): boolean {
    return this.#gone;
  }

  /** Whether bytes wait for room in the pipe. */
  get waiting(): boolean {
    return this.#socket.writableLength > 0;
  }

  /** Since when, by `performance.now()`, no bytes wait for room in the pipe; Infinity while some do. */
  get emptySince(): number {
    return this.waiting ? Number.POSITIVE_INFINITY : this.#emptySince;
  }

  get stats(): FifoStats {
    const now = this.#wake === undefined ? 0 : performance.now() - this.#blockedSince;
    const waiting = this.#socket.writableLength;
    const bytes = this.#atOnce + Math.max(0, this.#socket.bytesWritten - waiting);
    return { bytes, blockedMs: this.#blockedMs + now };
  }

  /**
   * Writes a chunk, which must not change before the pipe has taken it.
   * @param reused whether its memory is to be written to again
   * @returns undefined where the next chunk may come at once; else a promise of the moment when it may: when there is room, or when the pipe has taken what is `reused`
   * @throws RecordpipeError `io-failure`, `aborted`
   */
  write(chunk: Uint8Array, reused = false): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    let at = this.#writeAtOnce(chunk);
    if (this.#gone || at === chunk.length) return undefined;
    for (; at + SLICE_BYTES < chunk.length; at += SLICE_BYTES)
      this.#socket.write(chunk.subarray(at, at + SLICE_BYTES));
    const rest = at === 0 ? chunk : chunk.subarray(at);
    const room = this.#socket.write(rest, reused ? this.#taken : this.#emptied);
    return room && !reused ? undefined : this.#room();
  }

  /**
   * Waits until the pipe has taken everything, or its reader has gone.
   * @throws RecordpipeError `io-failure`, `aborted`
   */
  async flush(): Promise<void> {
    while (this.waiting && !this.#gone) await this.#room();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Looks now and then whether the reader is still there, while nothing is written. @param told when it is not */
  watchReader(told: () => void): void {
    this.#probe ??= setInterval(() => {
      if (this.#gone || this.#closed || this.#socket.writableLength > 0) return;
      let read = false;
      try {
        read = hasReader(this.#fifo);
      } catch {
        read = true; // the pipe's name is gone, its reader may be there
      }
      if (read) return;
      this.#gone = true;
      told();
    }, PROBE_MS);
    this.#probe.unref();
  }

  /**
   * Waits until the pipe has taken everything, and closes it: its reader finds the end. Where the reader is gone, it is closed at once.
   * @throws RecordpipeError `io-failure`, `aborted`
   */
  async end(): Promise<void> {
    if (!this.#gone && this.#failure === undefined && !this.#signal.aborted) {
      await new Promise<void>((resolve) => {
        this.#blocked(resolve);
        this.#socket.end(() => this.#resume());
      });
    }
    await this.destroy();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Closes the pipe as it is. */
  async destroy(): Promise<void> {
    clearInterval(this.#probe);
    this.#signal.removeEventListener('abort', this.#abort);
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.destroy();
    await this.#whenClosed;
    this.#resume();
  }

  /**
   * How much the pipe took. A call costs a quarter of what a turn through the stream and the event loop does, and a reader that keeps up leaves room; one that does not
   * has it full, and being told so, by an exception, costs as much as writing half a chunk: then it is tried less often.
   */
  #writeAtOnce(chunk: Uint8Array): number {
    if (this.#gone || this.#closed || this.#socket.writableLength > 0) return 0;
    if (this.#untried > 0) {
      this.#untried--;
      return 0;
    }
    try {
      const written = writeSync(this.#descriptor, chunk);
      this.#atOnce += written;
      if (written === chunk.length) this.#pause = 1;
      return written;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') this.#failed(error as NodeJS.ErrnoException);
      if (this.#failure !== undefined) throw this.#failure;
      this.#untried = this.#pause;
      this.#pause = Math.min(2 * this.#pause, MAX_UNTRIED);
      return 0;
    }
  }

  readonly #emptied = (): void => {
    if (this.waiting) return;
    this.#emptySince = performance.now();
    this.#resume();
  };

  readonly #taken = (): void => {
    this.#emptied();
    this.#resume();
  };

  #failed(error: NodeJS.ErrnoException): void {
    if (error.code === 'EPIPE' || error.code === 'ECONNRESET') this.#gone = true;
    else this.#failure ??= fileError(error, this.#fifo.path);
  }

  async #room(): Promise<void> {
    await new Promise<void>((resolve) => this.#blocked(resolve));
    if (this.#failure !== undefined) throw this.#failure;
  }

  #blocked(wake: () => void): void {
    this.#blockedSince = performance.now();
    this.#wake = wake;
  }

  #resume(): void {
    const wake = this.#wake;
    if (wake === undefined) return;
    this.#wake = undefined;
    this.#blockedMs += performance.now() - this.#blockedSince;
    wake();
  }

  readonly #abort = (): void => {
    this.#failure ??= abortError(this.#signal);
    this.#resume();
  };
}

/** The error for a reader that left before the end, where that is one. */
export function leftEarly({ path }: OwnFifo, bytes: number): RecordpipeError {
  return new RecordpipeError('io-failure', `the reader left after ${bytes} bytes, before the end`, {
    uri: path,
  });
}
