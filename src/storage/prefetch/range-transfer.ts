import { trace } from '../../bytes/trace.ts';
import type { RecordpipeError } from '../../errors.ts';
import { type FailedRequest, FetchFailure, objectError } from '../errors.ts';
import type { ObjectSource, RangeHead } from '../storage.ts';
import { RetryBudget, Watchdog } from './attempts.ts';
import { BlockMemory } from './block-memory.ts';
import type { TransferContext } from './transfer-control.ts';

/**
 * The version of an object that all its ranges must have. The first response sets it for the
 * others.
 */
export interface ObjectState {
  readonly uri: string;
  readonly etag: string | undefined;
  readonly versionId: string | undefined;
  readonly size: number | undefined;
  /**
   * Called with the headers of a response.
   * @throws FetchFailure `changed` if they are for a different version
   */
  confirm(head: RangeHead): void;
}

/** The failure to read a range. */
export class TransferFailure extends Error {
  readonly failure: FetchFailure;
  readonly #request: FailedRequest;

  constructor(failure: FetchFailure, request: FailedRequest) {
    super(failure.message);
    this.failure = failure;
    this.#request = request;
  }

  /** Returns the error for users. */
  typed(): RecordpipeError {
    return objectError(this.failure, this.#request);
  }
}

/**
 * Reads one range of an object, with as many requests as necessary. Each request continues after
 * the bytes received, and must be for the same version of the object. Bytes are passed on as they
 * arrive. A body is never paused: {@link pause} ends its request, and {@link resume} sends one for
 * the rest.
 */
export class RangeTransfer {
  readonly #context: TransferContext;
  readonly #state: ObjectState;
  readonly #onData: (chunk: Uint8Array) => void;
  readonly #budget: RetryBudget;
  readonly #memory: BlockMemory;
  readonly start: number;
  #end: number | undefined;
  #got = 0;
  #stopped = false;
  #paused = false;
  /** Whether {@link pause} ended the attempt in progress. */
  #cut = false;
  #attempt: AbortController | undefined;
  /**
   * Ends the wait in progress: for the gate, for the next attempt, or until the transfer is
   * resumed.
   */
  #endWait: (() => void) | undefined;

  /**
   * @param end position after the last byte; if undefined, the range extends to the end of the
   *   object, which the first response reveals
   * @param memory memory for all bytes of the range; not every source uses it
   */
  constructor(
    context: TransferContext,
    state: ObjectState,
    start: number,
    end: number | undefined,
    onData: (chunk: Uint8Array) => void,
    memory?: Uint8Array,
  ) {
    this.#context = context;
    this.#state = state;
    this.#onData = onData;
    this.#budget = new RetryBudget(context.options);
    this.#memory = new BlockMemory(memory, context.blocks);
    this.start = start;
    this.#end = end;
  }

  /** Position after the last byte, or undefined until it is known. */
  get end(): number | undefined {
    return this.#end;
  }

  /** Number of bytes received. */
  get got(): number {
    return this.#got;
  }

  /**
   * Transfers the range. Resolves when all bytes have arrived, or after {@link stop}.
   * @throws TransferFailure
   * @throws any error from finding the source of objects
   */
  async run(): Promise<void> {
    const source = await this.#context.sourceOf(this.#state.uri);
    const range = source.range?.();
    try {
      await this.#attempts(range ?? source);
    } finally {
      range?.close();
    }
  }

  async #attempts(source: Pick<ObjectSource, 'read'>): Promise<void> {
    const { gate, seat, counts } = this.#context;
    for (;;) {
      if (this.#paused) await this.#wait((done) => this.#whenResumed(done));
      if (this.#stopped) return;
      let entered = false;
      await this.#wait((done) =>
        gate.enter(seat, () => {
          entered = true;
          done();
        }),
      );
      if (this.#stopped || this.#paused) {
        if (entered) gate.leave(seat);
        continue;
      }
      this.#cut = false;
      const before = this.#got;
      const sentAt = performance.now();
      const failure = await this.#send(source);
      if (failure?.kind === 'throttled') this.#throttled(sentAt);
      gate.leave(seat);
      if (this.#stopped) return;
      // A connection may break after the last byte. A response that is longer than its declared
      // length cannot be trusted.
      if (failure === undefined || (this.#got === this.#length && failure.kind !== 'fatal')) {
        counts.parts += 1;
        gate.clean();
        return;
      }
      if (this.#cut) continue;
      await this.#recover(failure, before);
    }
  }

  /** Ends the transfer. No more bytes are passed on. */
  stop(): void {
    this.#stopped = true;
    this.#attempt?.abort();
    this.#endWait?.();
  }

  pause(): void {
    this.#paused = true;
    this.#cut = true;
    this.#attempt?.abort();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#endWait?.();
  }

  get paused(): boolean {
    return this.#paused;
  }

  get #length(): number | undefined {
    return this.#end === undefined ? undefined : this.#end - this.start;
  }

  /** Makes one attempt. @returns the reason why it received fewer bytes than requested */
  async #send(source: Pick<ObjectSource, 'read'>): Promise<FetchFailure | undefined> {
    const { options, counts } = this.#context;
    const attempt = new AbortController();
    const before = this.#got;
    let headed = false;
    let barked: FetchFailure | undefined;
    const watchdog = new Watchdog(
      options,
      () => (headed ? this.#got - before : undefined),
      (failure) => {
        barked = failure;
        attempt.abort(failure);
      },
    );
    this.#attempt = attempt;
    counts.requests += 1;
    counts.activeRequests += 1;
    counts.peakActiveRequests = Math.max(counts.peakActiveRequests, counts.activeRequests);
    try {
      const { uri, etag, versionId, size } = this.#state;
      const request = { uri, start: this.start + before, end: this.#end, etag, versionId, size };
      const sink = {
        onHead: (head: RangeHead) => {
          if (attempt.signal.aborted) return;
          this.#head(head, request.start);
          headed = true;
        },
        memory: (maxBytes: number) =>
          this.#memory.next(maxBytes, Math.max(maxBytes, (this.#length ?? 0) - this.#got)),
        memoryAt: (skipped: number, bytes: number) => this.#memory.at(this.#got + skipped, bytes),
        onData: (chunk: Uint8Array) => {
          if (!attempt.signal.aborted) this.#data(chunk);
        },
        onWait: () => watchdog.rest(),
      };
      await source.read(request, sink, attempt.signal);
      if (barked !== undefined) return barked;
      if (!headed || this.#got !== this.#length)
        return new FetchFailure('transient', 'the response ended before its last byte', {
          code: 'ShortBody',
        });
      return undefined;
    } catch (error) {
      return barked ?? asFailure(error);
    } finally {
      watchdog.stop();
      this.#attempt = undefined;
      counts.activeRequests -= 1;
    }
  }

  #head(head: RangeHead, asked: number): void {
    this.#state.confirm(head);
    if (head.start !== asked || (this.#end !== undefined && head.end > this.#end)) {
      const text = `requested bytes from ${asked}, got ${head.start}-${head.end - 1}; the service does not support ranges`;
      throw new FetchFailure('fatal', text, { code: 'WrongRange' });
    }
    // An object of unknown size may have fewer bytes than requested. If its size has been
    // confirmed, the end does not change.
    this.#end = head.end;
  }

  #data(chunk: Uint8Array): void {
    if (chunk.length === 0) return;
    if (this.#got + chunk.length > (this.#length ?? 0))
      throw new FetchFailure('fatal', 'the response is longer than its declared length', {
        code: 'LongBody',
      });
    this.#memory.note(chunk);
    this.#got += chunk.length;
    this.#context.counts.bytes += chunk.length;
    this.#onData(chunk);
  }

  #throttled(sentAt: number): void {
    const { gate, counts, onEvent } = this.#context;
    counts.throttles += 1;
    const before = gate.limit;
    gate.throttled(sentAt);
    if (gate.limit === before) return;
    trace('retry', () => `${this.#state.uri}: throttled; at most ${gate.limit} requests at a time`);
    if (gate.limit < before) onEvent?.({ type: 'throttled', uri: this.#state.uri, limit: gate.limit });
  }

  async #recover(failure: FetchFailure, before: number): Promise<void> {
    const { counts, onEvent } = this.#context;
    const budget = this.#budget;
    const delayMs = budget.pauseAfter(failure, this.#got - before, this.#got);
    const { uri } = this.#state;
    const rest = { uri, start: this.start + this.#got, end: this.#end };
    if (delayMs === undefined) {
      const { attempts, elapsedMs } = budget;
      throw new TransferFailure(failure, { ...rest, attempts, elapsedMs });
    }
    counts.retries += 1;
    trace(
      'retry',
      () => `${uri}: ${failure.message}; attempt ${budget.attempts + 1} in ${Math.round(delayMs)} ms`,
    );
    onEvent?.({
      type: 'retry',
      ...rest,
      attempt: budget.attempts,
      delayMs: Math.round(delayMs),
      reason: failure.message,
      requestId: failure.requestId,
    });
    await this.#wait((done) => {
      const timer = setTimeout(done, delayMs);
      return () => clearTimeout(timer);
    });
  }

  /** Waits for `done`. {@link stop} ends the wait. `begin` returns a function that cancels it. */
  #wait(begin: (done: () => void) => () => void): Promise<void> {
    return new Promise((resolve) => {
      let over = false;
      let giveUp: (() => void) | undefined;
      const finish = (): void => {
        if (over) return;
        over = true;
        this.#endWait = undefined;
        giveUp?.();
        resolve();
      };
      if (this.#stopped) {
        finish();
        return;
      }
      this.#endWait = finish;
      giveUp = begin(finish);
    });
  }

  #whenResumed(done: () => void): () => void {
    // resume() ends the wait.
    if (!this.#paused) done();
    return () => {};
  }
}

function asFailure(error: unknown): FetchFailure {
  if (error instanceof FetchFailure) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new FetchFailure('fatal', text, { cause: error });
}
