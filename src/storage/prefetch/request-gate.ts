/** Maximum number of requests in progress for all streams of one process. */
const MAX_REQUESTS = 32;
/** Number of ranges that must arrive without throttling before one more request is allowed. */
const CLEAN_PARTS_PER_STEP = 8;

/** The slot of one stream at the gate. */
export interface GateSeat {
  /** Total weight of the requests in progress. */
  active: number;
  /** Maximum number of requests in progress. */
  readonly maxRequests: number;
  /** Weight of each request: 1, or less for objects that are much smaller than a range. */
  readonly weight: number;
  readonly waiting: Set<() => void>;
}

/**
 * Decides which stream may send a request now. All streams of a process share it: a free slot goes
 * to the stream with the fewest requests in progress and, among equals, to the one that has waited
 * longest. When the service requests a lower rate, the limit is halved. It grows by one with every
 * eight ranges that arrive (additive increase, multiplicative decrease, which lets many clients
 * share one service).
 */
export class RequestGate {
  #maxRequests: number;
  #limit: number;
  #active = 0;
  #clean = 0;
  #halvedAt = Number.NEGATIVE_INFINITY;
  /** Waiting seats, longest wait first. */
  readonly #waiting = new Set<GateSeat>();

  constructor(maxRequests: number = MAX_REQUESTS) {
    this.#maxRequests = maxRequests;
    this.#limit = maxRequests;
  }

  /** Current maximum number of requests in progress. */
  get limit(): number {
    return this.#limit;
  }

  get active(): number {
    return this.#active;
  }

  /**
   * Sets this thread's share of the requests of its process, because each thread has its own gate.
   * Default: all of them.
   */
  share(maxRequests: number = MAX_REQUESTS): void {
    this.#limit = Math.max(1, this.#limit + maxRequests - this.#maxRequests);
    this.#maxRequests = maxRequests;
    this.#serve();
  }

  seat(maxRequests: number, weight = 1): GateSeat {
    return { active: 0, maxRequests, weight, waiting: new Set() };
  }

  /**
   * Calls `go` as soon as a request may be sent, possibly immediately.
   * @returns a function that cancels the wait
   */
  enter(seat: GateSeat, go: () => void): () => void {
    seat.waiting.add(go);
    this.#waiting.add(seat);
    this.#serve();
    return () => {
      if (!seat.waiting.delete(go) || seat.waiting.size > 0) return;
      this.#waiting.delete(seat);
    };
  }

  leave(seat: GateSeat): void {
    seat.active -= seat.weight;
    this.#active -= seat.weight;
    this.#serve();
  }

  /** Counts a range that has arrived. */
  clean(): void {
    this.#clean += 1;
    if (this.#clean < CLEAN_PARTS_PER_STEP) return;
    this.#clean = 0;
    if (this.#limit >= this.#maxRequests) return;
    this.#limit += 1;
    this.#serve();
  }

  /**
   * Handles a service's request for a lower rate by halving the limit. A request that was sent
   * before the last halving does not halve it again.
   * @param sentAt when the request was sent
   */
  throttled(sentAt: number): void {
    this.#clean = 0;
    if (sentAt <= this.#halvedAt) return;
    this.#halvedAt = performance.now();
    // Halve the limit, not the requests in progress; otherwise, one rejection among few requests
    // would slow down all later ones.
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
  }

  #serve(): void {
    while (this.#active < this.#limit) {
      const seat = this.#neediest();
      if (seat === undefined) return;
      const [go] = seat.waiting;
      seat.waiting.delete(go);
      // Moves the seat after the other waiting seats.
      this.#waiting.delete(seat);
      if (seat.waiting.size > 0) this.#waiting.add(seat);
      seat.active += seat.weight;
      this.#active += seat.weight;
      go();
    }
  }

  #neediest(): GateSeat | undefined {
    let found: GateSeat | undefined;
    for (const seat of this.#waiting)
      if (seat.active < seat.maxRequests && (found === undefined || seat.active < found.active)) found = seat;
    return found;
  }
}

/** The gate of this process. */
export const processGate: RequestGate = new RequestGate();
