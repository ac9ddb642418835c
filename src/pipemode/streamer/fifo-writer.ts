import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { abortError, onAbort } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import type { EpochBytes } from './channel-content.ts';
import { hasReader, type OwnFifo } from './fifo.ts';

/**
 * Bytes per write to the event loop: keeps a 64 KiB pipe busy, and shows the progress of a slow
 * reader.
 */
const SLICE_BYTES = 256 * 1024;
/** Maximum bytes that wait for room in the pipe. */
const WAITING_BYTES = 1024 * 1024;
/** Maximum number of chunks before a direct write to a full pipe is tried again. */
const MAX_UNTRIED = 64;
/** Interval of the checks for the reader of a silent pipe. */
const PROBE_MS = 1000;
/** Bytes, less than a millisecond of work, after which the event loop gets a turn. */
const TURN_BYTES = 1024 * 1024;

/** Counters of an epoch. */
export interface FifoStats {
  /** Bytes that the pipe accepted. */
  readonly bytes: number;
  /** Milliseconds during which bytes waited for the reader. */
  readonly blockedMs: number;
}

/**
 * Writes to a named pipe that a reader has opened, without blocking: a direct call writes what the
 * pipe accepts at once, the event loop writes the rest. A reader that stops blocks no thread and
 * does not keep the process alive. Chunks are not copied.
 */
export class FifoWriter {
  readonly #fifo: OwnFifo;
  readonly #descriptor: number;
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  /** Bytes written by direct calls. */
  #atOnce = 0;
  /** Chunks for the event loop before the next direct write. */
  #untried = 0;
  #pause = 1;
  #gone = false;
  #failure: RecordpipeError | undefined;
  #closed = false;
  /** The socket closes itself when the reader is gone. */
  readonly #whenClosed: Promise<void>;
  /** Called when there is room again, the reader is gone or writing failed. */
  #wake: (() => void) | undefined;
  #blockedSince = 0;
  #blockedMs = 0;
  #probe: ReturnType<typeof setInterval> | undefined;
  /** When the event loop last had nothing left to write. */
  #emptySince = performance.now();

  /** @param descriptor open for non-blocking writing; closed at the end */
  constructor(fifo: OwnFifo, descriptor: number, signal: AbortSignal) {
    this.#fifo = fifo;
    this.#descriptor = descriptor;
    this.#signal = signal;
    this.#socket = new Socket({
      fd: descriptor,
      readable: false,
      writable: true,
      // @ts-expect-error Node accepts the options of streams; the types do not have them.
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

  /** Whether the reader closed its end. A silent writer notices within a second. */
  get readerGone(): boolean {
    return this.#gone;
  }

  /** Whether bytes wait for room in the pipe. */
  get waiting(): boolean {
    return this.#socket.writableLength > 0;
  }

  /**
   * The time, by `performance.now()`, since which no bytes wait for room; Infinity while some do.
   */
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
   * Writes a chunk, which must not change before the pipe accepted it.
   * @param reused whether the caller will overwrite its memory
   * @returns undefined if the next chunk may follow at once; otherwise a promise of room in the
   * pipe, or for a `reused` chunk of its acceptance
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
   * Waits until the pipe accepted everything, or the reader is gone.
   * @throws RecordpipeError `io-failure`, `aborted`
   */
  async flush(): Promise<void> {
    while (this.waiting && !this.#gone) await this.#room();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Checks periodically for the reader while nothing is written.
   * @param onGone called when it is gone
   */
  watchReader(onGone: () => void): void {
    this.#probe ??= setInterval(() => {
      if (this.#gone || this.#closed || this.#socket.writableLength > 0) return;
      try {
        this.#gone = !hasReader(this.#fifo);
      } catch {
        return; // the name of the pipe is gone; it may still have its reader
      }
      if (this.#gone) onGone();
    }, PROBE_MS);
    this.#probe.unref();
  }

  /**
   * Waits until the pipe accepted everything, and closes it: the reader gets the end of file.
   * Closes at once if the reader is gone.
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

  /** Closes the pipe at once. */
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
   * A direct write costs a quarter of a turn through the stream and the event loop, and a reader
   * that keeps up leaves room. A full pipe throws, which costs as much as writing half a chunk, so
   * after that direct writes are tried less often.
   * @returns the number of bytes that the pipe accepted
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

/** The error for a reader that left early. */
export function leftEarly({ path }: OwnFifo, bytes: number): RecordpipeError {
  return new RecordpipeError('io-failure', `the reader left after ${bytes} bytes, before the end`, {
    uri: path,
  });
}

/** Counts how long an epoch waited for its source. */
export interface PumpClock {
  sourceWaitMs: number;
}

/**
 * Writes chunks to a pipe until they end or the reader leaves.
 * @returns whether everything was written
 * @throws whatever `chunks` throws, unless the reader left
 */
export async function pump(
  { chunks, reused }: Pick<EpochBytes, 'chunks' | 'reused'>,
  writer: FifoWriter,
  clock: PumpClock,
): Promise<boolean> {
  let sinceTurn = 0;
  for (;;) {
    const asked = performance.now();
    const { done, value } = await chunks.next();
    // While the pipe has unread bytes, the reader is the bottleneck, not the source.
    clock.sourceWaitMs += Math.max(0, performance.now() - Math.max(asked, writer.emptySince));
    if (writer.readerGone) return false;
    if (done) return true;
    const room = writer.write(value, reused);
    if (room !== undefined) await room;
    sinceTurn += value.length;
    if (sinceTurn >= TURN_BYTES) {
      sinceTurn = 0;
      await nextTurn();
    }
    if (writer.readerGone) return false;
  }
}
