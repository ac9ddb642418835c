import type { TransferCounts } from './transfer-control.ts';

/** Bytes delivered at which the second request may be sent; twice as many for each doubling after that. */
const FIRST_STEP_BYTES = 1024 * 1024;

/** Of a small object: its request waits for the service, and brings next to nothing. */
export const SMALL_UNITS = 1;
/** Of a part. So four small objects may be under way in the place of each part. */
export const PART_UNITS = 4;

/**
 * How much may be under way: the bytes of the window, and a number of requests that begins with one and doubles when the reader has to wait. Whoever
 * stops after a record has fetched little; whoever reads on has all requests after a few megabytes, or a few small objects.
 */
export class TransferWindow {
  readonly #bytes: number;
  readonly #mostRequests: number;
  readonly #counts: TransferCounts;
  #requests = 1;
  /** What the requests of this stream count together, those between two attempts included. */
  running = 0;
  #delivered = 0;
  #partsDelivered = 0;
  #blockedAt: number | undefined;
  #readerWaits = false;

  constructor(bytes: number, mostRequests: number, counts: TransferCounts) {
    this.#bytes = bytes;
    this.#mostRequests = mostRequests;
    this.#counts = counts;
  }

  /** Whether a request that counts so much may be sent. */
  mayRequest(units: number): boolean {
    return this.running + units <= this.#requests * PART_UNITS;
  }

  get full(): boolean {
    return this.#counts.heldBytes >= this.#bytes;
  }

  get halfEmpty(): boolean {
    return this.#counts.heldBytes <= this.#bytes / 2;
  }

  get empty(): boolean {
    return this.#counts.heldBytes === 0;
  }

  fits(bytes: number): boolean {
    return this.empty || this.#counts.heldBytes + bytes <= this.#bytes;
  }

  /** Whether so many bytes can fit at all. */
  everFits(bytes: number): boolean {
    return bytes <= this.#bytes;
  }

  /** From now on `part` holds so many bytes. */
  hold(part: { held: number }, bytes: number): void {
    const counts = this.#counts;
    counts.heldBytes += bytes - part.held;
    part.held = bytes;
    if (counts.heldBytes > counts.mostHeldBytes) counts.mostHeldBytes = counts.heldBytes;
  }

  delivered(bytes: number): void {
    this.#delivered += bytes;
  }

  /** All bytes of a part have been handed out: often before the end of its request is known, and so told apart from them. */
  partDelivered(): void {
    this.#partsDelivered += 1;
  }

  /** The reader has to wait. @returns whether more requests may be sent now */
  widen(): boolean {
    const wide = this.#requests;
    if (wide >= this.#mostRequests || this.mayRequest(PART_UNITS)) return false;
    if (this.#delivered < wide * FIRST_STEP_BYTES && this.#partsDelivered < wide) return false;
    this.#requests = Math.min(2 * wide, this.#mostRequests);
    this.#delivered = 0;
    this.#partsDelivered = 0;
    return true;
  }

  /** Whether the reader waits for bytes: then the window is not what holds things up. */
  set readerWaits(does: boolean) {
    this.#readerWaits = does;
    if (does) this.blocked(false);
  }

  /** The window keeps a request from being sent, or does so no longer. */
  blocked(is: boolean): void {
    if (is) {
      if (!this.#readerWaits) this.#blockedAt ??= performance.now();
    } else if (this.#blockedAt !== undefined) {
      this.#counts.sourceWaitedMs += performance.now() - this.#blockedAt;
      this.#blockedAt = undefined;
    }
  }
}
