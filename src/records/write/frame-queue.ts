import { UsageError } from '../../errors.ts';
import type { Framer } from '../../formats/record-format.ts';
import type { Sink } from '../../storage/storage.ts';

/** Buffers in turn: one is filled, one is being written, one waits so that the disk need not. */
const BUFFERS = 3;

/** A ring of buffers filled with frames. */
export class FrameRing {
  readonly bytes: number;
  readonly #framer: Framer;
  #buffers: readonly Uint8Array[];
  #turn = 0;
  #used = 0;
  /** Buffers handed out and not yet given back. */
  #out = 0;

  constructor(framer: Framer, bytes: number, count: number = BUFFERS) {
    this.bytes = bytes;
    this.#framer = framer;
    this.#buffers = framer.buffers(bytes, count);
  }

  /** Bytes filled in the current buffer. */
  get used(): number {
    return this.#used;
  }

  /** Whether there is a buffer to go on in when the current one is handed out. */
  get canHandOut(): boolean {
    return this.#out < this.#buffers.length - 1;
  }

  /** Whether such a frame fits into an empty buffer. */
  holds(frameBytes: number): boolean {
    return frameBytes <= this.bytes;
  }

  /** Whether such a frame fits into what is left of the current buffer. */
  fits(frameBytes: number): boolean {
    return this.#used + frameBytes <= this.bytes;
  }

  /** Appends one frame; it must fit. */
  append(payload: Uint8Array, frameBytes: number): void {
    this.#framer.frame(payload, this.#buffers[this.#turn], this.#used);
    // Only now: a payload that cannot be read leaves no gap between frames.
    this.#used += frameBytes;
  }

  /** What has been filled; it stays untouched until it is given back. The next buffer is the current one from now on. */
  handOut(): Uint8Array {
    const filled = this.#buffers[this.#turn].subarray(0, this.#used);
    this.#turn = (this.#turn + 1) % this.#buffers.length;
    this.#used = 0;
    this.#out++;
    return filled;
  }

  /** The buffer handed out longest ago is free again. */
  giveBack(): void {
    this.#out--;
  }

  /** Gives the memory up, and nothing more can be appended. @param reusable whether no write of it can be in progress */
  release(reusable: boolean): void {
    this.#buffers = [];
    this.#framer.release(reusable);
  }
}

/** Written at a time: a writer that is given up does not go on with the rest of a large record. */
const PIECE_BYTES = 2 * 1024 * 1024;

const CHANGED =
  'write: the payload was moved or resized before it was written; await the promise that write returns, or pass a copy';

interface Waiter {
  readonly payload: Uint8Array;
  /** Length of the payload when it was taken. */
  readonly length: number;
  readonly frameBytes: number;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Frames on their way into a sink, in order: gathered in a ring of buffers, written while further ones are gathered. */
export class FrameQueue {
  /** The first failure of a write; nothing is taken or written after it. */
  failure: unknown;
  readonly #sink: Sink;
  readonly #framer: Framer;
  readonly #ring: FrameRing;
  /** Records for which there was no room, in order. */
  readonly #waiters: Waiter[] = [];
  /** Writes started and not yet settled. */
  #writes = 0;
  #lastWrite: Promise<void> = Promise.resolve();

  constructor(sink: Sink, framer: Framer, bufferBytes: number) {
    this.#sink = sink;
    this.#framer = framer;
    // Who waits for each write fills one buffer again and again: it stays in the cache.
    this.#ring =
      sink.writeNow === undefined
        ? new FrameRing(framer, bufferBytes)
        : new FrameRing(framer, bufferBytes, 1);
  }

  /** Takes a payload; a promise when there is no room: the payload must stay as it is until that is settled. */
  push(payload: Uint8Array, frameBytes: number): Promise<void> | undefined {
    const { writeNow } = this.#sink;
    if (writeNow !== undefined) {
      this.#pushNow(payload, frameBytes, writeNow);
      return undefined;
    }
    if (this.#waiters.length === 0 && this.#place(payload, frameBytes)) return undefined;
    const taken = new Promise<void>((resolve, reject) => {
      this.#waiters.push({ payload, length: payload.length, frameBytes, resolve, reject });
      this.#pump();
    });
    // Whoever does not wait for it is told by the next call.
    taken.catch(() => {});
    return taken;
  }

  /** Waits until everything taken so far has been written. */
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

  /** Does something with the sink behind everything taken so far; what is taken meanwhile is written behind that. */
  async behind(step: () => Promise<void>): Promise<void> {
    await this.drain();
    this.#start(step, () => {});
    await this.#lastWrite;
    if (this.failure !== undefined) throw this.failure;
  }

  /** Waits until no write is in progress, whatever its outcome. */
  settled(): Promise<void> {
    return this.#lastWrite;
  }

  /** Frees the memory of a queue that takes no more. */
  release(): void {
    this.#ring.release(this.failure === undefined);
  }

  /** Writes on this thread whenever a buffer is full. */
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

  /** Lets waiting records in as far as there is room. */
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

  /** Larger than a buffer: written from memory of its own, when nothing else is under way. False where there is no such memory. */
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

  /** Does a step behind those started before; `settled` is called whatever the outcome. */
  #start(step: () => Promise<void>, settled: () => void): void {
    this.#writes++;
    this.#lastWrite = this.#doBehind(this.#lastWrite, step, settled);
  }

  async #doBehind(before: Promise<void>, step: () => Promise<void>, settled: () => void): Promise<void> {
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
