import type { FetchFailure } from '../errors.ts';
import type { RangeHead } from '../storage.ts';
import { END, LATER, ObjectPlan, ObjectQueue, ObjectRead, type ObjectRefs, Part } from './object-plan.ts';
import { ObjectVerification } from './object-verification.ts';
import { RangeTransfer, TransferFailure } from './range-transfer.ts';
import type { TransferContext } from './transfer-control.ts';
import { PART_UNITS, SMALL_UNITS, TransferWindow } from './transfer-control.ts';

/** Maximum size of a small object, as a fraction of a part: 1 MiB of 8 MiB. */
const SMALL_SHARE = 1 / 8;

/**
 * Starts the range requests of objects in order, within the limits, and handles their results:
 * newly known sizes, overwritten objects, and unreadable ranges.
 */
export class PartProducer {
  readonly window: TransferWindow;
  readonly plan: ObjectPlan;
  readonly queue: ObjectQueue = new ObjectQueue();
  readonly #context: TransferContext;
  readonly #skips: boolean;
  readonly #guess: SizeGuess;
  readonly #onProgress: () => void;
  /** Aborts requests for object metadata, as opposed to those for bytes. */
  readonly #asking = new AbortController();
  readonly #running = new Set<Promise<void>>();
  #planned = 0;
  /**
   * A range that is larger than the window. Nothing else is in progress, and it pauses when the
   * window is full.
   */
  #elastic: Part | undefined;
  /**
   * Index of the first object that cannot be read and is not skipped. Objects before it are still
   * delivered.
   */
  #failedIndex = Number.POSITIVE_INFINITY;
  #closed = false;
  readonly #leaveBlocks: (() => void) | undefined;

  /**
   * @param skips whether objects that cannot be read may be skipped
   * @param onProgress called when the first object in the queue may have new bytes
   */
  constructor(refs: ObjectRefs, context: TransferContext, skips: boolean, onProgress: () => void) {
    const { windowBytes, maxRequests, partBytes } = context.options;
    this.window = new TransferWindow(windowBytes, maxRequests, context);
    this.#guess = new SizeGuess(partBytes);
    // The window limits these requests, so the gate does not need to.
    this.#context = { ...context, seat: context.gate.seat((maxRequests * PART_UNITS) / SMALL_UNITS) };
    this.#leaveBlocks = context.blocks?.enter();
    this.#skips = skips;
    this.#onProgress = onProgress;
    this.plan = new ObjectPlan(refs, () => {
      if (this.#closed) return;
      this.fill();
      this.#onProgress();
    });
  }

  /** Starts as many ranges as the limits allow. */
  fill(): void {
    if (this.#closed) return;
    while (this.#elastic === undefined && this.window.mayRequest(SMALL_UNITS)) {
      const object = this.#nextToSplit();
      if (object === undefined) break;
      const begun = this.#begin(object);
      if (begun === 'later') break;
      if (begun === 'full') {
        this.window.blocked(true);
        return;
      }
    }
    this.window.blocked(this.#elastic?.transfer?.paused === true);
  }

  /** Releases bytes of a part. */
  giveBack(part: Part, bytes: number): void {
    this.window.hold(part, part.held - bytes);
    if (part === this.#elastic && part.transfer?.paused) {
      if (this.window.halfEmpty || part.held < this.#context.options.partBytes / 2) part.transfer.resume();
    }
    this.fill();
  }

  /** Stops the transfers of these parts and discards them. */
  drop(parts: readonly Part[]): void {
    for (const part of parts) {
      part.dropped = true;
      this.window.hold(part, 0);
      if (part === this.#elastic) this.#elastic = undefined;
      part.transfer?.stop();
    }
  }

  /** Resolves when no request is in progress. */
  async close(): Promise<void> {
    if (!this.#closed) {
      this.#closed = true;
      this.#leaveBlocks?.();
      this.plan.close();
      this.#asking.abort();
      this.window.blocked(false);
      for (let object = this.queue.first; object !== undefined; object = this.queue.first) {
        this.drop(object.parts);
        this.queue.shift();
      }
    }
    await Promise.allSettled(this.#running);
  }

  #nextToSplit(): ObjectRead | undefined {
    for (;;) {
      const object = this.queue.splittable();
      if (object !== undefined) return object.index < this.#failedIndex ? object : undefined;
      if (this.queue.full || this.#failedIndex < Number.POSITIVE_INFINITY) return undefined;
      const ref = this.plan.next();
      if (ref === LATER || ref === END) return undefined;
      this.queue.push(new ObjectRead(ref, this.#planned, this.#context.options.pinVersion));
      this.#planned += 1;
    }
  }

  /**
   * Starts the next part of an object.
   * @returns `full` if the window has no room, `later` if the request limit is reached
   */
  #begin(object: ObjectRead): 'begun' | 'full' | 'later' {
    const { single, partBytes: maxPartBytes, firstPartBytes } = this.#context.options;
    const { size, nextStart, start, end: objectEnd } = object;
    const first = firstPartBytes ?? (size === undefined ? this.#guess.bytes : maxPartBytes);
    const partBytes = Math.min(maxPartBytes, Math.max(first, nextStart - start));
    const rest = objectEnd === undefined ? undefined : objectEnd - nextStart;
    const bytes = single ? rest : Math.min(partBytes, rest ?? partBytes);
    const elastic = bytes === undefined || !this.window.everFits(bytes);
    // The part that the reader waits for always starts, because later ranges may fill the window if
    // its object has to start again.
    const awaited = this.queue.first === object && object.parts.length === 0;
    const small = bytes !== undefined && nextStart === 0 && (size ?? bytes) <= maxPartBytes * SMALL_SHARE;
    const units = small ? SMALL_UNITS : PART_UNITS;
    if (!this.window.mayRequest(units)) return 'later';
    const room = elastic || !this.queue.mayGrowBefore(object) ? 0 : maxPartBytes;
    if (!awaited && !(elastic ? this.window.empty : this.window.fits(bytes + room))) return 'full';
    const part = new Part(object, units, this.#headed);
    const end = bytes === undefined ? undefined : nextStart + bytes;
    if (elastic) this.#elastic = part;
    else this.window.hold(part, bytes);
    object.parts.push(part);
    if (end !== undefined) object.nextStart = end;
    if (nextStart === start && object.ref.part === undefined) this.#verify(object);
    part.transfer = new RangeTransfer(this.#context, part, nextStart, end, (chunk) =>
      this.#arrived(part, chunk),
    );
    this.window.running += units;
    this.#track(
      part.transfer.run().then(
        () => this.#came(part),
        (error: unknown) => this.#lost(part, error),
      ),
    );
    return 'begun';
  }

  #track(run: Promise<void>): void {
    const tracked = run.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  /** Requests the object's checksum while its first bytes are in progress. */
  #verify(object: ObjectRead): void {
    if (!this.#context.options.verifyObject) return;
    const { uri, etag, versionId } = object;
    const stat = async () =>
      (await this.#context.sourceOf(uri)).stat({ uri, etag, versionId }, this.#asking.signal);
    object.verification = new ObjectVerification(uri, stat(), () => {
      if (!this.#closed) this.#onProgress();
    });
  }

  /**
   * Called with the first response for a part, when the sizes of the part and its object become
   * known.
   */
  readonly #headed = (part: Part, head: RangeHead): void => {
    const { object } = part;
    const bytes = head.end - head.start;
    if (part !== this.#elastic) this.window.hold(part, bytes);
    else if (this.window.everFits(bytes) && this.window.fits(bytes)) {
      this.#elastic = undefined;
      this.window.hold(part, bytes);
    }
    // The only part is the last one that was started.
    if (object.parts.length === 1) object.nextStart = head.end;
    this.#guess.note(head.size);
    this.queue.revisit(object);
    this.fill();
  };

  #arrived(part: Part, chunk: Uint8Array): void {
    part.add(chunk);
    if (part === this.#elastic) {
      this.window.hold(part, part.held + chunk.length);
      if (this.window.full && part.held >= this.#context.options.partBytes) part.transfer?.pause();
    }
    this.#progressOf(part);
  }

  #came(part: Part): void {
    this.#leave(part);
    if (!part.dropped) part.done = true;
    // Run this even for a dropped part: its slot becomes free only now, and its object may be
    // waiting to start again.
    this.fill();
    if (part.dropped) return;
    this.#progressOf(part);
  }

  #lost(part: Part, error: unknown): void {
    this.#leave(part);
    if (part.dropped) this.fill();
    else if (!(error instanceof TransferFailure)) this.#fail(part, error);
    else if (isUnsatisfiable(error.failure) && part.object.size === undefined) this.#track(this.#size(part));
    else if (isChanged(error.failure) && part.object.mayRestart) this.#restart(part.object, error.message);
    else this.#fail(part, error.typed());
  }

  /**
   * Requests the size of an object. Some services reject a request for the first bytes of an empty
   * object.
   */
  async #size(part: Part): Promise<void> {
    const { object } = part;
    const { uri, etag, versionId } = object;
    try {
      const source = await this.#context.sourceOf(uri);
      const stat = await source.stat({ uri, etag, versionId }, this.#asking.signal);
      if (part.dropped) return;
      part.confirm({ ...stat, start: 0, end: stat.size });
      if (stat.size === 0) this.#came(part);
      else this.#fail(part, new Error(`the service returned no bytes of an object of ${stat.size} bytes`));
    } catch (error) {
      if (!part.dropped) this.#fail(part, error);
    }
  }

  #restart(object: ObjectRead, reason: string): void {
    const { counts, onEvent } = this.#context;
    this.drop(object.restart());
    counts.restarts += 1;
    onEvent?.({ type: 'restarted', uri: object.uri, reason });
    this.queue.revisit(object);
    this.fill();
  }

  #fail(part: Part, error: unknown): void {
    part.failure = error;
    part.object.failed = true;
    if (!this.#skips || part.object.delivered > part.object.start)
      this.#failedIndex = Math.min(this.#failedIndex, part.object.index);
    this.fill();
    this.#progressOf(part);
  }

  /** Removes a part that is no longer in progress. */
  #leave(part: Part): void {
    this.window.running -= part.units;
    if (part === this.#elastic) this.#elastic = undefined;
  }

  #progressOf(part: Part): void {
    if (this.queue.first === part.object && part.object.parts[0] === part) this.#onProgress();
  }
}

/**
 * Reports whether the object does not have the requested range, because it is empty or has become
 * shorter.
 */
function isUnsatisfiable({ status }: FetchFailure): boolean {
  return status === 416;
}

function isChanged(failure: FetchFailure): boolean {
  return failure.kind === 'changed' || isUnsatisfiable(failure);
}

/** Minimum guess, as a fraction of a part: 64 KiB of 8 MiB. */
const MIN_SHARE = 1 / 128;
/** Decay factor for the influence of earlier objects on the guess, applied once per object. */
const MEMORY = 0.95;

/**
 * Guesses how much of an object of unknown size to request first. A whole part would reserve window
 * space that mostly stays unused, so that only a few of thousands of small objects could be read at
 * a time. Each request is limited to the space reserved for it, so the window's limit stays exact.
 * The rest of an object is requested when its size is known.
 */
class SizeGuess {
  readonly #partBytes: number;
  #seen: number | undefined;

  constructor(partBytes: number) {
    this.#partBytes = partBytes;
  }

  /**
   * Number of bytes to request: twice the size of the largest recent object, or a whole part before
   * the first one.
   */
  get bytes(): number {
    if (this.#seen === undefined) return this.#partBytes;
    return Math.min(
      this.#partBytes,
      Math.max(Math.ceil(this.#partBytes * MIN_SHARE), 2 * Math.ceil(this.#seen)),
    );
  }

  /** Records the size of an object. */
  note(size: number): void {
    this.#seen = Math.max(size, (this.#seen ?? 0) * MEMORY);
  }
}
