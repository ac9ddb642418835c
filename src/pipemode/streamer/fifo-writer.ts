import { writeSync } from 'node:fs';
import { Socket } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { abortError, onAbort } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import type { EpochBytes } from './channel-content.ts';
import { hasReader, type OwnFifo } from './fifo.ts';

/**
 * Number of bytes per write through the event loop. This is enough to keep a 64 KiB pipe busy, and
 * small enough to show the progress of a slow reader.
 */
const SLICE_BYTES = 256 * 1024;
/** Maximum number of bytes queued for the pipe. */
const WAITING_BYTES = 1024 * 1024;
/** Maximum number of chunks between attempts to write directly to a full pipe. */
const MAX_UNTRIED = 64;
/** Interval at which the reader is checked while no bytes are written. */
const PROBE_MS = 1000;
/**
 * Number of bytes after which the writer yields to the event loop. Writing them takes less than a
 * millisecond.
 */
const TURN_BYTES = 1024 * 1024;

/** Counters of an epoch. */
export interface FifoStats {
  /** Number of bytes accepted by the pipe. */
  readonly bytes: number;
  /** Milliseconds during which bytes waited for the reader. */
  readonly blockedMs: number;
}

/**
 * Writes to a named pipe that a reader has opened, without blocking. A direct call writes the bytes
 * that the pipe accepts at once, and the event loop writes the rest. A reader that stops reading
 * blocks no thread and does not keep the process alive. Chunks are not copied.
 */
export class FifoWriter {
  readonly #fifo: OwnFifo;
  readonly #descriptor: number;
  readonly #socket: Socket;
  readonly #signal: AbortSignal;
  /** Number of bytes accepted by direct writes. */
  #atOnce = 0;
  /** Number of chunks to write through the event loop before the next direct write. */
  #untried = 0;
  #pause = 1;
  #gone = false;
  #failure: RecordpipeError | undefined;
  #closed = false;
  /** Resolves when the socket closes itself because the reader disconnected. */
  readonly #whenClosed: Promise<void>;
  /** Called when the pipe has room again, when the reader disconnects, or when writing fails. */
  #wake: (() => void) | undefined;
  #blockedSince = 0;
  #blockedMs = 0;
  #probe: ReturnType<typeof setInterval> | undefined;
  /** Time at which the queue of the event loop last became empty. */
  #emptySince = performance.now();

  /**
   * Creates a writer for an open pipe.
   * @param descriptor a descriptor that is open for non-blocking writing; closed at the end
   */
  constructor(fifo: OwnFifo, descriptor: number, signal: AbortSignal) {
    this.#fifo = fifo;
    this.#descriptor = descriptor;
    this.#signal = signal;
    this.#socket = new Socket({
      fd: descriptor,
      readable: false,
      writable: true,
      // @ts-expect-error Node accepts stream options here, but the types omit them.
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

  /**
   * Whether the reader closed its end. While no bytes are written, this is detected within a
   * second.
   */
  get readerGone(): boolean {
    return this.#gone;
  }

  /** Whether bytes are queued for the pipe. */
  get waiting(): boolean {
    return this.#socket.writableLength > 0;
  }

  /**
   * Time, as returned by `performance.now()`, at which the queue became empty. Infinity while bytes
   * are queued.
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
   * Writes a chunk, which must not change until the pipe has accepted it.
   * @param reused whether the caller will overwrite the chunk's memory
   * @returns undefined if the next chunk may be written at once; otherwise a promise that resolves
   *   when the pipe has room, or for a `reused` chunk, when the pipe has accepted it
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
   * Waits until the pipe has accepted all bytes or the reader has disconnected.
   * @throws RecordpipeError `io-failure`, `aborted`
   */
  async flush(): Promise<void> {
    while (this.waiting && !this.#gone) await this.#room();
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Checks periodically whether the reader is connected while no bytes are written.
   * @param onGone called when the reader has disconnected
   */
  watchReader(onGone: () => void): void {
    this.#probe ??= setInterval(() => {
      if (this.#gone || this.#closed || this.#socket.writableLength > 0) return;
      try {
        this.#gone = !hasReader(this.#fifo);
      } catch {
        return; // The pipe no longer has a name, but it may still have its reader.
      }
      if (this.#gone) onGone();
    }, PROBE_MS);
    this.#probe.unref();
  }

  /**
   * Waits until the pipe has accepted all bytes and then closes it, so that the reader receives the
   * end of file. Closes it at once if the reader has disconnected.
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
   * Tries a direct write. If the reader keeps up, this succeeds and costs a quarter of a write
   * through the event loop. On a full pipe, it throws an error that costs as much as writing half a
   * chunk, so direct writes become less frequent after that.
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

/** Returns the error for a reader that left early. */
export function leftEarly({ path }: OwnFifo, bytes: number): RecordpipeError {
  return new RecordpipeError(
    'io-failure',
    `the reader closed the pipe after ${bytes} bytes, before the end of the epoch; read epochs to the end, or omit strictEof`,
    {
      uri: path,
    },
  );
}

/** A clock that measures how long an epoch waited for its source. */
export interface PumpClock {
  sourceWaitMs: number;
}

/**
 * Writes chunks to a pipe until they end or the reader leaves.
 * @param onChunk called with each chunk before it is written
 * @returns whether all chunks were written
 * @throws errors from `chunks`, unless the reader left
 */
export async function pump(
  { chunks, reused }: Pick<EpochBytes, 'chunks' | 'reused'>,
  writer: FifoWriter,
  clock: PumpClock,
  onChunk?: (chunk: Uint8Array) => void,
): Promise<boolean> {
  let sinceTurn = 0;
  for (;;) {
    const requestedAt = performance.now();
    const { done, value } = await chunks.next();
    // While the pipe has unread bytes, the reader is the bottleneck, not the source.
    clock.sourceWaitMs += Math.max(0, performance.now() - Math.max(requestedAt, writer.emptySince));
    if (writer.readerGone) return false;
    if (done) return true;
    onChunk?.(value);
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
