import { isRemote } from '../registry.ts';
import { described, type ObjectRef } from '../storage.ts';
import type { ObjectRefs } from './object-plan.ts';
import type { TransferContext } from './transfer-control.ts';

/** Maximum number of objects that are described ahead, each with one request. */
const MAX_AHEAD = 32;
/**
 * Number of objects to describe when reading begins. Among more, the answer for the first object
 * would arrive later.
 */
const FIRST_AHEAD = 8;
/**
 * Age at which a description is discarded, so that a slow reader does not get an object in a
 * version that was replaced long before it was read. The object is then described again.
 */
const MAX_AGE_MS = 5_000;

const END: IteratorResult<ObjectRef> = { done: true, value: undefined };

/**
 * Yields objects in the given order, with their sizes and ETags. Requests those that are unknown
 * for several objects at a time. The disk cache needs them before it can find a single byte, so
 * that objects would otherwise wait for one round trip each.
 */
export class DescribedObjects implements AsyncIterableIterator<ObjectRef> {
  readonly #refs: Iterator<ObjectRef> | AsyncIterator<ObjectRef>;
  readonly #context: TransferContext;
  readonly #stop = new AbortController();
  /** The next objects, in order. */
  readonly #ahead: Promise<() => IteratorResult<ObjectRef>>[] = [];
  /** Settles when the last of these objects is known, but not described. */
  #known: Promise<unknown> = Promise.resolve();
  #maxAhead = FIRST_AHEAD;
  #ended = false;
  /** Whether the service describes objects, and with strong ETags. */
  #describes = true;

  constructor(refs: ObjectRefs, context: TransferContext) {
    this.#refs = Symbol.asyncIterator in refs ? refs[Symbol.asyncIterator]() : refs[Symbol.iterator]();
    this.#context = context;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<ObjectRef>> {
    this.#fill();
    const step = await this.#ahead.shift();
    this.#maxAhead = MAX_AHEAD;
    this.#fill();
    return step?.() ?? END;
  }

  async return(): Promise<IteratorResult<ObjectRef>> {
    this.#ended = true;
    this.#stop.abort();
    await this.#refs.return?.();
    return END;
  }

  #fill(): void {
    while (!this.#ended && this.#ahead.length < this.#maxAhead) this.#extend();
  }

  #extend(): void {
    const step = this.#known.then(() => (this.#ended ? END : this.#refs.next()));
    this.#known = step;
    const described = step.then((result) => {
      if (!result.done) return this.#describe(result.value);
      this.#ended = true;
      return () => END;
    });
    // The error is thrown after the objects before it.
    described.catch(() => {});
    this.#ahead.push(described);
  }

  async #describe(ref: ObjectRef): Promise<() => IteratorResult<ObjectRef>> {
    const unchanged = (): IteratorResult<ObjectRef> => ({ done: false, value: ref });
    const { pinVersion } = this.#context.options;
    if (!this.#describes || typeof ref?.uri !== 'string' || !isRemote(ref.uri)) return unchanged;
    const { uri, size, etag, versionId } = ref;
    if (size !== undefined && etag !== undefined && (versionId !== undefined || !pinVersion))
      return unchanged;
    const askedAt = performance.now();
    try {
      const source = await this.#context.sourceOf(uri);
      const found = await described(source, { uri, etag, versionId }, this.#stop.signal);
      // Weak ETags do not distinguish versions.
      this.#describes = found.etag !== undefined && !found.etag.startsWith('W/');
      if (!this.#describes || (etag !== undefined && etag !== found.etag)) return unchanged;
      const value = {
        ...ref,
        size: found.size,
        etag: found.etag,
        versionId: versionId ?? (pinVersion ? found.versionId : undefined),
      };
      return () => (performance.now() - askedAt > MAX_AGE_MS ? unchanged() : { done: false, value });
    } catch {
      // The request for its bytes fails with the reason, or needs fewer permissions.
      this.#describes = false;
      return unchanged;
    }
  }
}
