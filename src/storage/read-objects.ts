import { abortError, onAbort } from '../bytes/abortable.ts';
import { typeName } from '../bytes/arguments.ts';
import { type RecordpipeError, UsageError } from '../errors.ts';
import { refOf } from './object-address.ts';
import { DescribedObjects } from './prefetch/described-objects.ts';
import type { ObjectPiece, OnObjectError } from './prefetch/object-piece.ts';
import { LATER, type ObjectRefs, END as PLAN_END, type PlannedObject } from './prefetch/object-plan.ts';
import { OrderedPrefetch } from './prefetch/ordered-prefetch.ts';
import {
  type ObjectReadOptions,
  type TransferContext,
  type TransferCounts,
  type TransferStats,
  transferContext,
} from './prefetch/transfer-control.ts';
import type { ObjectInfo, ObjectRef } from './storage.ts';

/** Options of {@link readObjects}. */
export type ObjectsReadOptions = ObjectReadOptions & {
  /**
   * Decides whether to skip an object that cannot be read. Called only before its first byte is
   * delivered. By default, the error ends the iteration.
   */
  readonly onObjectError?: OnObjectError | undefined;
};

/** Pieces of objects, and the statistics of the transfer so far. */
export interface ObjectPieces extends AsyncIterable<ObjectPiece> {
  /** Statistics of the transfer so far. */
  readonly stats: TransferStats;
}

/**
 * Reads many objects, one after another in the given order, as pieces that indicate where objects
 * begin and end. Ranges of the next objects are requested while one is read, so that thousands of
 * small objects are read as fast as a few large ones.
 *
 * An empty object yields one empty piece. An error identifies its object; all earlier bytes have
 * been delivered.
 *
 * @param refs addresses, or entries of a listing; consumed when there is room for them, or with a
 *   disk cache up to 32 objects ahead
 * @param options the same as for {@link openObject}, and `onObjectError`
 * @returns an iterable that can be iterated only once; ending the iteration early ends all requests
 * @throws UsageError for an invalid option
 * @throws RecordpipeError while iterating, the same errors as {@link openObject}
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { readObjects } from 'recordpipe/storage';
 * writeFileSync('one.txt', '1');
 * writeFileSync('two.txt', '22');
 * const refs = [{ uri: 'one.txt' }, { uri: 'two.txt' }]; // or s3://bucket/key, or a listing
 * for await (const { object, offset, chunk, last } of readObjects(refs)) console.log(object.uri, offset, chunk.length, last);
 * // one.txt 0 1 true
 * // two.txt 0 2 true
 * ```
 */
export function readObjects(refs: ObjectRefs, options?: ObjectsReadOptions): ObjectPieces {
  if (typeof refs !== 'object' || refs === null)
    throw new UsageError(`objects: expected objects to read, or a listing, got ${typeName(refs)}`);
  const { onObjectError, ...rest } = options ?? {};
  const context = transferContext(rest);
  const plan = context.options.cache === undefined ? refs : new DescribedObjects(refs, context);
  const pieces = new PieceIterator(
    (onProgress) => new OrderedPrefetch(plan, context, onObjectError, onProgress),
    (piece) => piece,
    context.counts,
    options?.signal,
  );
  return { stats: context.counts, [Symbol.asyncIterator]: () => pieces };
}

/** An object that is open for reading from beginning to end. */
export interface OpenObject {
  /** Address of the object. */
  readonly uri: string;
  /**
   * Returns the size of the object, or undefined if it is not known yet. The first response
   * provides it.
   */
  size(): number | undefined;
  /** Returns the service's description of the object. Undefined until the first chunk. */
  info(): ObjectInfo | undefined;
  /**
   * The bytes of the object in order, in chunks that are never written to again. Can be iterated
   * only once; ending the iteration early ends all requests.
   */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** The statistics of the transfer so far. */
  readonly stats: TransferStats;
}

/**
 * Opens an object (`s3://bucket/key`, a path or `file:` URL) for reading from beginning to end. The
 * first request is sent when `chunks` is iterated.
 *
 * The object is read in ranges of `partBytes` (default 8 MiB). When the reader has to wait, several
 * ranges are read concurrently, with up to `windowBytes` (default 64 MiB) in total. A failed range
 * resumes at the first missing byte, and only in the same version of the object. An object that is
 * overwritten in the meantime is read again from its beginning if none of its bytes has been
 * delivered; otherwise it is an error.
 *
 * @param object its address, or its entry in a listing, which saves a request if the object is
 *   empty
 * @param options see {@link ObjectOptions} and {@link TransferControl}; every field has a default
 * @throws UsageError for an invalid option
 * @throws RecordpipeError while iterating: `object-missing`, `access-denied`, `object-changed`,
 *   `object-checksum`, `retries-exhausted`, `io-failure`, `aborted`
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { openObject } from 'recordpipe/storage';
 * writeFileSync('hello.txt', 'hello');
 * const { chunks, size } = openObject('hello.txt'); // or s3://bucket/key
 * let bytes = 0;
 * for await (const chunk of chunks) bytes += chunk.length;
 * console.log(bytes, size()); // 5 5
 * ```
 */
export function openObject(object: string | ObjectRef, options?: ObjectReadOptions): OpenObject {
  return opened(refOf(object), transferContext(options), options?.signal);
}

/**
 * Opens the bytes from `start` up to `end` of an object, all of which will be read. If the size or
 * the ETag is given, any other version is an error.
 * @throws the same errors as {@link openObject}
 */
export function openObjectPart(
  object: ObjectRef,
  part: { readonly start: number; readonly end: number },
  options?: ObjectReadOptions,
): OpenObject {
  return opened({ ...object, part }, { ...transferContext(options), eager: true }, options?.signal);
}

function opened(ref: PlannedObject, context: TransferContext, signal: AbortSignal | undefined): OpenObject {
  let info: ObjectInfo | undefined;
  const chunks = new PieceIterator(
    (onProgress) => new OrderedPrefetch([ref], context, undefined, onProgress),
    (piece) => {
      info = piece.object;
      return piece.chunk;
    },
    context.counts,
    signal,
  );
  return {
    uri: ref.uri,
    size: () => info?.size ?? ref.size,
    info: () => info,
    chunks,
    stats: context.counts,
  };
}

const END: IteratorResult<never> = { done: true, value: undefined };

interface Waiting<T> {
  resolve(step: IteratorResult<T>): void;
  reject(error: unknown): void;
}

/**
 * Iterates over a prefetch. Returns available pieces in a promise that is already resolved. Ending
 * the iteration early, or aborting the signal, ends all requests.
 */
class PieceIterator<T> implements AsyncIterableIterator<T> {
  readonly #prefetch: OrderedPrefetch;
  readonly #pick: (piece: ObjectPiece) => T;
  readonly #signal: AbortSignal | undefined;
  readonly #counts: TransferCounts;
  readonly #waiting: Waiting<T>[] = [];
  #waitingSince = 0;
  #listening = false;
  #ended = false;
  /** Error of the next call after an abort. Without it, the iteration would look complete. */
  #aborted: RecordpipeError | undefined;

  /** @param begin creates the prefetch, which calls `onProgress` when a piece may be available */
  constructor(
    begin: (onProgress: () => void) => OrderedPrefetch,
    pick: (piece: ObjectPiece) => T,
    counts: TransferCounts,
    signal: AbortSignal | undefined,
  ) {
    this.#prefetch = begin(() => this.#serve());
    this.#pick = pick;
    this.#counts = counts;
    this.#signal = signal;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T>> {
    const aborted = this.#aborted;
    this.#aborted = undefined;
    if (aborted !== undefined) return Promise.reject(aborted);
    if (this.#ended) return Promise.resolve(END);
    if (!this.#listening) this.#listen();
    if (this.#signal?.aborted) return this.#fail(abortError(this.#signal));
    if (this.#waiting.length === 0) {
      try {
        const piece = this.#prefetch.take();
        if (piece === PLAN_END) return this.#finish();
        if (piece !== LATER) return Promise.resolve({ done: false, value: this.#pick(piece) });
      } catch (error) {
        return this.#fail(error);
      }
      this.#waitingSince = performance.now();
    }
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject });
    });
  }

  async return(): Promise<IteratorResult<T>> {
    this.#aborted = undefined;
    await this.#finish();
    return END;
  }

  /** Serves pending calls to `next`. */
  #serve(): void {
    while (this.#waiting.length > 0 && !this.#ended) {
      try {
        const piece = this.#prefetch.take();
        if (piece === LATER) return;
        if (piece === PLAN_END) {
          void this.#finish();
          return;
        }
        this.#waitOver();
        this.#waiting.shift()?.resolve({ done: false, value: this.#pick(piece) });
      } catch (error) {
        this.#waitOver();
        const waiting = this.#waiting.shift();
        this.#fail(error).catch(waiting?.reject);
        return;
      }
    }
  }

  /** Ends the iteration. Rejects when no request is in progress. */
  async #fail(error: unknown): Promise<never> {
    await this.#finish();
    throw error;
  }

  async #finish(): Promise<IteratorResult<T>> {
    if (!this.#ended) {
      this.#ended = true;
      this.#signal?.removeEventListener('abort', this.#abort);
    }
    await this.#prefetch.close();
    for (const { resolve } of this.#waiting.splice(0)) resolve(END);
    return END;
  }

  readonly #abort = (): void => {
    const error = abortError(this.#signal as AbortSignal);
    const waiting = this.#waiting.splice(0);
    if (waiting.length === 0) this.#aborted = error;
    // Rejects before the requests have ended, so that an aborting caller continues immediately.
    for (const { reject } of waiting) reject(error);
    void this.#finish();
  };

  #listen(): void {
    this.#listening = true;
    onAbort(this.#signal, this.#abort);
  }

  #waitOver(): void {
    const now = performance.now();
    this.#counts.readerWaitedMs += now - this.#waitingSince;
    this.#waitingSince = now;
  }
}
