import { UsageError } from '../../errors.ts';
import type { Framer } from '../../formats/record-format.ts';
import type { Sink } from '../../storage/storage.ts';

/**
 * Number of bytes per write. An aborted writer does not write the remaining pieces of a large
 * record.
 */
const PIECE_BYTES = 2 * 1024 * 1024;
/**
 * Number of buffers: one is being filled, one is being written, and a full one waits, so that the
 * disk is never idle.
 */
const BUFFERS = 3;

const CHANGED =
  'write: the payload was moved or resized before it was written; await the promise that write returns, or pass a copy';

/** A record that waits for room in a buffer. */
interface Waiter {
  readonly payload: Uint8Array;
  /** Length of the payload when it was accepted. */
  readonly length: number;
  readonly frameBytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Writes frames to a sink, in order. It fills one buffer while another is written. */
export class FrameQueue {
  /** The first failure of a write, after which nothing is accepted or written. */
  failure: unknown;
  readonly #sink: Sink;
  readonly #framer: Framer;
  readonly #ring: FrameRing;
  /** Waiting records, in order. */
  readonly #waiters: Waiter[] = [];
  /** Number of writes that have started but not yet settled. */
  #writes = 0;
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(sink: Sink, framer: Framer, bufferBytes: number) {
    this.#sink = sink;
    this.#framer = framer;
    // A sink that writes on the calling thread needs one buffer, which stays in the CPU cache.
    this.#ring = new FrameRing(framer, bufferBytes, sink.writeNow === undefined ? BUFFERS : 1);
  }

  /**
   * Accepts a payload. Returns a promise if there is no room; do not change the payload until the
   * promise settles.
   */
  push(payload: Uint8Array, frameBytes: number): Promise<void> | undefined {
    const { writeNow } = this.#sink;
    if (writeNow !== undefined) {
      this.#pushNow(payload, frameBytes, writeNow);
      return undefined;
    }
    if (this.#waiters.length === 0 && this.#place(payload, frameBytes)) return undefined;
    const accepted = new Promise<void>((resolve, reject) => {
      this.#waiters.push({ payload, length: payload.length, frameBytes, resolve, reject });
      this.#pump();
    });
    // If no caller awaits this promise, the next call throws the failure.
    accepted.catch(() => {});
    return accepted;
  }

  /** Waits until everything accepted so far has been written. */
  async drain(): Promise<void> {
    if (this.#sink.writeNow !== undefined && this.failure === undefined)
      this.#handOutNow(this.#sink.writeNow);
    while (
      this.failure === undefined &&
      (this.#waiters.length > 0 || this.#ring.used > 0 || this.#writes > 0)
    ) {
      if (this.#waiters.length === 0 && this.#ring.used > 0 && this.#ring.canHandOut) this.#handOut();
      await this.#lastWrite;
    }
    await this.#lastWrite;
    if (this.failure !== undefined) throw this.failure;
  }

  /**
   * Runs a step of the sink after everything accepted so far has been written, and before anything
   * accepted later.
   */
  async afterAll(step: () => Promise<void>): Promise<void> {
    await this.drain();
    this.#start(step, () => {});
    await this.#lastWrite;
    if (this.failure !== undefined) throw this.failure;
  }

  /** Waits until no write is in progress, whether writes succeed or fail. */
  settled(): Promise<void> {
    return this.#lastWrite;
  }

  /** Frees the memory of a queue that accepts no more records. */
  release(): void {
    this.#ring.release(this.failure === undefined);
  }

  /** Appends a payload and writes on the calling thread whenever the buffer is full. */
  #pushNow(payload: Uint8Array, frameBytes: number, writeNow: (bytes: Uint8Array) => void): void {
    const ring = this.#ring;
    if (!ring.fits(frameBytes)) this.#handOutNow(writeNow);
    if (ring.holds(frameBytes)) ring.append(payload, frameBytes);
    else this.#now(() => writeNow(this.#framer.encode(payload)));
  }

  #handOutNow(writeNow: (bytes: Uint8Array) => void): void {
    if (this.#ring.used === 0) return;
    this.#now(() => writeNow(this.#ring.handOut()));
    this.#ring.giveBack();
  }

  #now(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.failure ??= error;
      throw error;
    }
  }

  #place(payload: Uint8Array, frameBytes: number): boolean {
    const ring = this.#ring;
    if (!ring.fits(frameBytes)) {
      if (!ring.holds(frameBytes) || !ring.canHandOut) return false;
      this.#handOut();
    }
    ring.append(payload, frameBytes);
    return true;
  }

  /** Places waiting records in buffers as long as there is room. */
  #pump(): void {
    for (let first = this.#waiters[0]; first !== undefined; first = this.#waiters[0]) {
      if (first.payload.length !== first.length) {
        this.#fail(new UsageError(CHANGED));
        return;
      }
      if (this.#ring.holds(first.frameBytes)) {
        if (!this.#place(first.payload, first.frameBytes)) return;
        first.resolve();
      } else {
        if (this.#ring.used > 0) {
          if (!this.#ring.canHandOut) return;
          this.#handOut();
        }
        if (this.#writes > 0) return;
        if (!this.#startLarge(first)) return;
      }
      this.#waiters.shift();
    }
  }

  /**
   * Starts the write of a frame larger than a buffer, in a separate allocation. No other write may
   * be in progress. Returns false if the allocation fails.
   */
  #startLarge({ payload, resolve, reject }: Waiter): boolean {
    let frame: Uint8Array;
    try {
      frame = this.#framer.encode(payload);
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#start(
      () => this.#write(frame),
      () => (this.failure === undefined ? resolve() : reject(this.failure)),
    );
    return true;
  }

  #handOut(): void {
    const bytes = this.#ring.handOut();
    this.#start(
      () => this.#write(bytes),
      () => this.#ring.giveBack(),
    );
  }

  /**
   * Runs a step after all steps that have already started. Calls `settled` whether the step
   * succeeds or fails.
   */
  #start(step: () => Promise<void>, settled: () => void): void {
    this.#writes++;
    this.#lastWrite = this.#runAfter(this.#lastWrite, step, settled);
  }

  async #runAfter(before: Promise<void>, step: () => Promise<void>, settled: () => void): Promise<void> {
    try {
      await before;
      if (this.failure === undefined) await step();
    } catch (error) {
      this.failure ??= error;
    }
    this.#writes--;
    settled();
    if (this.failure === undefined) this.#pump();
    else this.#fail(this.failure);
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length && this.failure === undefined; at += PIECE_BYTES)
      await this.#sink.write(bytes.length <= PIECE_BYTES ? bytes : bytes.subarray(at, at + PIECE_BYTES));
  }

  #fail(error: unknown): void {
    this.failure ??= error;
    for (const { reject } of this.#waiters.splice(0)) reject(this.failure);
  }
}

/** A ring of buffers filled with frames. */
class FrameRing {
  readonly #bytes: number;
  readonly #framer: Framer;
  #buffers: readonly Uint8Array[];
  #turn = 0;
  #used = 0;
  /** Number of buffers that were handed out but not yet given back. */
  #out = 0;

  constructor(framer: Framer, bytes: number, count: number) {
    this.#bytes = bytes;
    this.#framer = framer;
    this.#buffers = framer.buffers(bytes, count);
  }

  /** Number of bytes in the current buffer. */
  get used(): number {
    return this.#used;
  }

  /** Whether another buffer is free to be filled after the current one is handed out. */
  get canHandOut(): boolean {
    return this.#out < this.#buffers.length - 1;
  }

  /** Reports whether a frame of this size fits in an empty buffer. */
  holds(frameBytes: number): boolean {
    return frameBytes <= this.#bytes;
  }

  /** Reports whether a frame of this size fits in the rest of the current buffer. */
  fits(frameBytes: number): boolean {
    return this.#used + frameBytes <= this.#bytes;
  }

  /** Appends one frame, which must fit. */
  append(payload: Uint8Array, frameBytes: number): void {
    this.#framer.frame(payload, this.#buffers[this.#turn], this.#used);
    // Update the size only after the copy, so that a failed copy leaves no gap between frames.
    this.#used += frameBytes;
  }

  /**
   * Returns the filled part of the current buffer, which is not reused until `giveBack`. The next
   * buffer becomes the current one.
   */
  handOut(): Uint8Array {
    const filled = this.#buffers[this.#turn].subarray(0, this.#used);
    this.#turn = (this.#turn + 1) % this.#buffers.length;
    this.#used = 0;
    this.#out++;
    return filled;
  }

  /** Frees the buffer that was handed out first. */
  giveBack(): void {
    this.#out--;
  }

  /**
   * Frees all memory. Nothing can be appended afterwards.
   * @param reusable whether no write of the memory can be in progress
   */
  release(reusable: boolean): void {
    this.#buffers = [];
    this.#framer.release(reusable);
  }
}
