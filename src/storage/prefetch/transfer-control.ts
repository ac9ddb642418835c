import { type ObjectOptions, objectOptions } from '../object-options.ts';
import { isRemote, storageOf } from '../registry.ts';
import type { ObjectSource } from '../storage.ts';
import { type BlockPool, threadBlocks } from './block-memory.ts';
import { type GateSeat, processGate, type RequestGate } from './request-gate.ts';

/** An event during a transfer that is not a failure. */
export type TransferEvent =
  | {
      /** Kind of the event. */
      readonly type: 'retry';
      /** Address of the object. */
      readonly uri: string;
      /** Position of the first byte that is requested again. */
      readonly start: number;
      /** Position after the last byte that is requested again. */
      readonly end: number | undefined;
      /** Number of consecutive attempts that received no byte. */
      readonly attempt: number;
      /** Milliseconds until the next attempt. */
      readonly delayMs: number;
      /** Reason, as a sentence. */
      readonly reason: string;
      /** Id of the failed request, if the service stated one. */
      readonly requestId: string | undefined;
    }
  /**
   * The service requested a lower rate. `limit` is the new maximum number of requests for this
   * process.
   */
  | {
      /** Kind of the event. */
      readonly type: 'throttled';
      /** Address of the object. */
      readonly uri: string;
      /** The new maximum number of concurrent requests. */
      readonly limit: number;
    }
  /**
   * The object was overwritten before its first byte was delivered. Its new version is read from
   * the beginning.
   */
  | {
      /** Kind of the event. */
      readonly type: 'restarted';
      /** Address of the object. */
      readonly uri: string;
      /** Reason, as a sentence. */
      readonly reason: string;
    }
  /** `verifyObject` is set, but the object could not be verified. */
  | {
      /** Kind of the event. */
      readonly type: 'unverified';
      /** Address of the object. */
      readonly uri: string;
      /** Reason, as a sentence. */
      readonly reason: string;
    }
  /** An object was skipped because `onObjectError` returned `skip`. */
  | {
      /** Kind of the event. */
      readonly type: 'skipped';
      /** Address of the object. */
      readonly uri: string;
      /** Reason why the object could not be read. */
      readonly error: Error;
    };

/** Called with the events of a transfer. An exception ends the transfer. */
export type OnTransferEvent = (event: TransferEvent) => void;

/** Statistics of a transfer so far. */
export interface TransferStats {
  /** Number of requests sent, including retries. */
  readonly requests: number;
  /** Number of requests that were repeated. */
  readonly retries: number;
  /** Number of responses that requested a lower rate. */
  readonly throttles: number;
  /** Number of ranges received completely. */
  readonly parts: number;
  /** Number of bytes received, including those from the disk cache. */
  readonly bytes: number;
  /** Number of bytes read from the disk cache. */
  readonly cachedBytes: number;
  /** Number of objects delivered completely. */
  readonly objects: number;
  /** Number of objects whose checksum was verified. */
  readonly verified: number;
  /** Number of objects that could not be verified, because the service stores no checksum. */
  readonly unverified: number;
  /** Number of objects that were overwritten and read again from their beginning. */
  readonly restarts: number;
  /**
   * Time that the reader waited for bytes. A high value means that the source is the bottleneck.
   */
  readonly readerWaitedMs: number;
  /**
   * Time that requests waited because the window was full. A high value means that the reader is
   * the bottleneck.
   */
  readonly sourceWaitedMs: number;
  /** Number of bytes held or in progress. */
  readonly heldBytes: number;
  /** Maximum of `heldBytes` so far. */
  readonly peakHeldBytes: number;
  /** Number of requests in progress. */
  readonly activeRequests: number;
  /** Maximum of `activeRequests` so far. */
  readonly peakActiveRequests: number;
}

export type TransferCounts = { -readonly [K in keyof TransferStats]: TransferStats[K] };

function newTransferCounts(): TransferCounts {
  return {
    requests: 0,
    retries: 0,
    throttles: 0,
    parts: 0,
    bytes: 0,
    cachedBytes: 0,
    objects: 0,
    verified: 0,
    unverified: 0,
    restarts: 0,
    readerWaitedMs: 0,
    sourceWaitedMs: 0,
    heldBytes: 0,
    peakHeldBytes: 0,
    activeRequests: 0,
    peakActiveRequests: 0,
  };
}

/** Controls for a transfer, in addition to its options. */
export interface TransferControl {
  /** Aborts the transfer, including requests, waits and timers. */
  readonly signal?: AbortSignal | undefined;
  /** Called for retries, restarts, and objects that could not be verified. */
  readonly onEvent?: OnTransferEvent | undefined;
  /** Source of all objects. Default: the storage of each address. */
  readonly source?: ObjectSource | undefined;
  /**
   * Whether to reuse the memory of chunks, which saves processor time. A chunk is then valid only
   * until the next one is requested. Default false.
   */
  readonly reuse?: boolean | undefined;
}

/** Options of a transfer. Every field has a default. */
export type ObjectReadOptions = Partial<ObjectOptions> & TransferControl;

/** State shared by all ranges of one stream. */
export interface TransferContext {
  readonly options: ObjectOptions;
  readonly gate: RequestGate;
  readonly seat: GateSeat;
  /** Source of blocks. If undefined, all blocks are new. */
  readonly blocks: BlockPool | undefined;
  readonly counts: TransferCounts;
  readonly onEvent: OnTransferEvent | undefined;
  /**
   * Whether the reader is known to read everything, so that all requests are sent at once. Default
   * false.
   */
  readonly eager?: boolean | undefined;
  sourceOf(uri: string): ObjectSource | Promise<ObjectSource>;
}

/** Returns the context of a new stream. */
export function transferContext(given: ObjectReadOptions | undefined): TransferContext {
  const { signal: _, onEvent, source, reuse, ...rest } = given ?? {};
  const options = objectOptions(rest);
  const counts = newTransferCounts();
  return {
    options,
    gate: processGate,
    seat: processGate.seat(options.maxRequests),
    blocks: reuse ? threadBlocks : undefined,
    counts,
    onEvent,
    sourceOf: source === undefined ? namedSources(options, counts) : () => source,
  };
}

/**
 * Returns a function that caches sources by scheme and bucket, because a listing repeats the bucket
 * millions of times.
 */
function namedSources(options: ObjectOptions, counts: TransferCounts): TransferContext['sourceOf'] {
  const known = new Map<string, ObjectSource | Promise<ObjectSource>>();
  return (uri) => {
    const place = /^[a-z0-9]+:\/\/[^/]*/.exec(uri)?.[0] ?? '';
    let source = known.get(place);
    if (source === undefined) {
      source = storageOf(uri, options);
      if (options.cache !== undefined && isRemote(uri)) source = withCache(source, options, counts);
      known.set(place, source);
    }
    return source;
  };
}

async function withCache(
  source: ObjectSource | Promise<ObjectSource>,
  options: ObjectOptions,
  counts: TransferCounts,
): Promise<ObjectSource> {
  // Imported on demand to keep start-up fast.
  const { cachedSource } = await import('../cache/cached-source.ts');
  return cachedSource(await source, options, counts);
}

/**
 * Number of bytes delivered before the second request is sent. This number doubles each time the
 * number of requests doubles.
 */
const FIRST_STEP_BYTES = 1024 * 1024;

/** Weight of a request for a small object, which mostly waits for the service. */
export const SMALL_UNITS = 1;
/** Weight of a request for a part. Four small objects weigh as much as one part. */
export const PART_UNITS = 4;

/**
 * Limits the bytes in the window of a stream, and the number of its requests. That number starts at
 * one and doubles when the reader has to wait. A reader that stops after one record causes little
 * traffic; one that continues reaches the maximum after a few megabytes or a few small objects.
 */
export class TransferWindow {
  readonly #bytes: number;
  readonly #maxRequests: number;
  readonly #counts: TransferCounts;
  #requests: number;
  /**
   * Total weight of all requests of this stream, including those that wait for their next attempt.
   */
  running = 0;
  #delivered = 0;
  #partsDelivered = 0;
  #blockedAt: number | undefined;
  #readerWaits = false;

  constructor(
    bytes: number,
    maxRequests: number,
    { counts, eager }: Pick<TransferContext, 'counts' | 'eager'>,
  ) {
    this.#bytes = bytes;
    this.#maxRequests = maxRequests;
    this.#counts = counts;
    this.#requests = eager ? maxRequests : 1;
  }

  /** Reports whether a request of this weight may be sent. */
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

  /** Reports whether this number of bytes can ever fit. */
  everFits(bytes: number): boolean {
    return bytes <= this.#bytes;
  }

  /** Sets the number of bytes that `part` holds. */
  hold(part: { held: number }, bytes: number): void {
    const counts = this.#counts;
    counts.heldBytes += bytes - part.held;
    part.held = bytes;
    if (counts.heldBytes > counts.peakHeldBytes) counts.peakHeldBytes = counts.heldBytes;
  }

  delivered(bytes: number): void {
    this.#delivered += bytes;
  }

  /**
   * Records that all bytes of a part have been delivered. Counted separately, because this often
   * happens before the request ends.
   */
  partDelivered(): void {
    this.#partsDelivered += 1;
  }

  /**
   * Allows more requests. Call when the reader has to wait.
   * @returns true if more requests may be sent now
   */
  widen(): boolean {
    const wide = this.#requests;
    if (wide >= this.#maxRequests || this.mayRequest(PART_UNITS)) return false;
    if (this.#delivered < wide * FIRST_STEP_BYTES && this.#partsDelivered < wide) return false;
    this.#requests = Math.min(2 * wide, this.#maxRequests);
    this.#delivered = 0;
    this.#partsDelivered = 0;
    return true;
  }

  /** Records whether the reader is waiting for bytes. If so, the window is not the bottleneck. */
  set readerWaits(does: boolean) {
    this.#readerWaits = does;
    if (does) this.blocked(false);
  }

  /** Records whether the window prevents a request from being sent. */
  blocked(is: boolean): void {
    if (is) {
      if (!this.#readerWaits) this.#blockedAt ??= performance.now();
    } else if (this.#blockedAt !== undefined) {
      this.#counts.sourceWaitedMs += performance.now() - this.#blockedAt;
      this.#blockedAt = undefined;
    }
  }
}
