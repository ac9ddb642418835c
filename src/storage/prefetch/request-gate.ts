/** Most requests that the streams of one process have under way together. */
const MAX_REQUESTS = 32;
/** So many ranges have to come without being throttled until one more request is allowed. */
const CLEAN_PARTS_PER_STEP = 8;

/** One stream's place at the gate. */
export interface GateSeat {
  /** Requests under way. */
  active: number;
  /** Most requests under way. */
  readonly most: number;
  readonly waiting: Set<() => void>;
}

/**
 * Who may send a request now. All streams of a process share it: a free place goes to the stream that has the fewest requests under way, the one that has
 * waited longest first. When the service asks for less, the limit is halved; it grows again by one with every eight ranges that come (additive increase,
 * multiplicative decrease: what makes many clients of one service share it).
 */
export class RequestGate {
  #most: number;
  #limit: number;
  #active = 0;
  #clean = 0;
  #halvedAt = Number.NEGATIVE_INFINITY;
  /** Seats that wait, longest first. */
  readonly #waiting = new Set<GateSeat>();

  constructor(most: number = MAX_REQUESTS) {
    this.#most = most;
    this.#limit = most;
  }

  /** How many requests may be under way now. */
  get limit(): number {
    return this.#limit;
  }

  get active(): number {
    return this.#active;
  }

  /** For threads, which have a gate each: lets this one have so many of the requests of its process. Default: all of them. */
  share(most: number = MAX_REQUESTS): void {
    this.#limit = Math.max(1, this.#limit + most - this.#most);
    this.#most = most;
    this.#serve();
  }

  seat(most: number): GateSeat {
    return { active: 0, most, waiting: new Set() };
  }

  /** Calls `go` as soon as a request may be sent, at once if that is now. What it returns gives up waiting. */
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
    seat.active -= 1;
    this.#active -= 1;
    this.#serve();
  }

  /** A range has come. */
  clean(): void {
    this.#clean += 1;
    if (this.#clean < CLEAN_PARTS_PER_STEP) return;
    this.#clean = 0;
    if (this.#limit >= this.#most) return;
    this.#limit += 1;
    this.#serve();
  }

  /** The service asked for less, of a request that was sent at `sentAt`: one that was sent before the limit was halved says nothing new. */
  throttled(sentAt: number): void {
    this.#clean = 0;
    if (sentAt <= this.#halvedAt) return;
    this.#halvedAt = performance.now();
    // Of the limit, not of what happens to be under way: one refusal among few requests would take from all that come later.
    this.#limit = Math.max(1, Math.floor(this.#limit / 2));
  }

  #serve(): void {
    while (this.#active < this.#limit) {
      const seat = this.#neediest();
      if (seat === undefined) return;
      const [go] = seat.waiting;
      seat.waiting.delete(go);
      // Behind those that wait as well.
      this.#waiting.delete(seat);
      if (seat.waiting.size > 0) this.#waiting.add(seat);
      seat.active += 1;
      this.#active += 1;
      go();
    }
  }

  #neediest(): GateSeat | undefined {
    let found: GateSeat | undefined;
    for (const seat of this.#waiting)
      if (seat.active < seat.most && (found === undefined || seat.active < found.active)) found = seat;
    return found;
  }
}

/** The gate of this process. */
export const processGate: RequestGate = new RequestGate();
