import { type ObjectOptions, objectOptions } from '../object-options.ts';
import { storageOf } from '../registry.ts';
import type { ObjectSource } from '../storage.ts';
import { type GateSeat, processGate, type RequestGate } from './request-gate.ts';

/** What happens on the way and is no failure. */
export type TransferEvent =
  | {
      readonly type: 'retry';
      readonly uri: string;
      /** First byte that is asked for again, and behind the last one. */
      readonly start: number;
      readonly end: number | undefined;
      /** Attempts in a row that brought no byte. */
      readonly attempt: number;
      readonly delayMs: number;
      readonly reason: string;
      readonly requestId: string | undefined;
    }
  /** The service asked for fewer requests; `limit` is how many this process has under way from now on. */
  | { readonly type: 'throttled'; readonly uri: string; readonly limit: number }
  /** The object was overwritten before a byte of it had been handed out, and is read from its beginning in its new state. */
  | { readonly type: 'restarted'; readonly uri: string; readonly reason: string }
  /** `verifyObject` was asked for and could not be done. */
  | { readonly type: 'unverified'; readonly uri: string; readonly reason: string }
  /** An object was left out because `onObjectError` said so. */
  | { readonly type: 'skipped'; readonly uri: string; readonly error: Error };

/** Told of what happens on the way; whatever it throws is its own matter and ends the transfer. */
export type OnTransferEvent = (event: TransferEvent) => void;

/** What a transfer has done until now. */
export interface TransferStats {
  /** Requests sent, further attempts included. */
  readonly requests: number;
  /** Further attempts. */
  readonly retries: number;
  /** Answers that asked for fewer requests. */
  readonly throttles: number;
  /** Ranges received completely. */
  readonly parts: number;
  /** Bytes received. */
  readonly bytes: number;
  /** Objects handed out completely, verified, and asked to be but without a checksum at the service. */
  readonly objects: number;
  readonly verified: number;
  readonly unverified: number;
  /** Objects that had been overwritten and were begun anew. */
  readonly restarts: number;
  /** For how long the reader waited for bytes: the source is the bottleneck. */
  readonly readerWaitedMs: number;
  /** For how long requests were held back because the window was full: the reader is the bottleneck. */
  readonly sourceWaitedMs: number;
  /** Bytes held or on their way now, and at most until now. */
  readonly heldBytes: number;
  readonly mostHeldBytes: number;
  /** Requests under way now, and at most until now. */
  readonly underWay: number;
  readonly mostUnderWay: number;
}

export type TransferCounts = { -readonly [K in keyof TransferStats]: TransferStats[K] };

function newTransferCounts(): TransferCounts {
  return {
    requests: 0,
    retries: 0,
    throttles: 0,
    parts: 0,
    bytes: 0,
    objects: 0,
    verified: 0,
    unverified: 0,
    restarts: 0,
    readerWaitedMs: 0,
    sourceWaitedMs: 0,
    heldBytes: 0,
    mostHeldBytes: 0,
    underWay: 0,
    mostUnderWay: 0,
  };
}

/** What a transfer is told beside its options. */
export interface TransferControl {
  /** Ends everything: requests, waits and timers. */
  readonly signal?: AbortSignal | undefined;
  /** Told of what happens on the way: further attempts, restarts, what could not be verified. */
  readonly onEvent?: OnTransferEvent | undefined;
  /** Where all objects come from. Default: what their addresses name. */
  readonly source?: ObjectSource | undefined;
}

/** Options of a transfer; pass what differs. */
export type ObjectReadOptions = Partial<ObjectOptions> & TransferControl;

/** What all ranges of one stream share. */
export interface TransferContext {
  readonly options: ObjectOptions;
  readonly gate: RequestGate;
  readonly seat: GateSeat;
  readonly counts: TransferCounts;
  readonly onEvent: OnTransferEvent | undefined;
  sourceOf(uri: string): ObjectSource | Promise<ObjectSource>;
}

/** What the ranges of a new stream share. */
export function transferContext(given: ObjectReadOptions | undefined): TransferContext {
  const { signal: _, onEvent, source, ...rest } = given ?? {};
  const options = objectOptions(rest);
  return {
    options,
    gate: processGate,
    seat: processGate.seat(options.maxRequests),
    counts: newTransferCounts(),
    onEvent,
    sourceOf: source === undefined ? namedSources(options) : () => source,
  };
}

/** Sources by what stands before the key: listings name a bucket millions of times. */
function namedSources(options: ObjectOptions): TransferContext['sourceOf'] {
  const known = new Map<string, ObjectSource | Promise<ObjectSource>>();
  return (uri) => {
    const place = /^[a-z0-9]+:\/\/[^/]*/.exec(uri)?.[0] ?? '';
    let source = known.get(place);
    if (source === undefined) {
      source = storageOf(uri, options);
      known.set(place, source);
    }
    return source;
  };
}

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
