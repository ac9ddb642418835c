import { abortError, onAbort } from '../bytes/abortable.ts';
import { typeName } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import { refOf } from './object-address.ts';
import type { ObjectPiece, OnObjectError } from './prefetch/object-piece.ts';
import { LATER, type ObjectRefs, END as PLAN_END } from './prefetch/object-plan.ts';
import { OrderedPrefetch } from './prefetch/ordered-prefetch.ts';
import {
  type ObjectReadOptions,
  type TransferCounts,
  type TransferStats,
  transferContext,
} from './prefetch/transfer-control.ts';
import type { ObjectInfo, ObjectRef } from './storage.ts';

/** How many objects are read. */
export type ObjectsReadOptions = ObjectReadOptions & {
  /** Asked about an object that cannot be had, before any byte of it is out. Default: it ends everything, with its error. */
  readonly onObjectError?: OnObjectError | undefined;
};

/** Pieces of objects, with what has been done until now. */
export interface ObjectPieces extends AsyncIterable<ObjectPiece> {
  readonly stats: TransferStats;
}

/**
 * The bytes of many objects, one after another in the order in which they are named, as pieces that say where objects begin and end. The ranges of
 * following objects are on their way while one is read, so that thousands of small objects come as fast as a few large ones.
 *
 * An object without bytes is one piece without bytes. An error names its object; what comes before it has been handed out.
 *
 * @param refs addresses, or what a listing says of objects; asked for as there is room
 * @param options as for {@link openObject}, and `onObjectError`
 * @returns to be iterated once; ending the iteration early ends all requests
 * @throws UsageError for a value that no option has
 * @throws RecordpipeError while iterating, as {@link openObject}
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
  const pieces = new PieceIterator(
    (onProgress) => new OrderedPrefetch(refs, context, onObjectError, onProgress),
    (piece) => piece,
    context.counts,
    options?.signal,
  );
  return { stats: context.counts, [Symbol.asyncIterator]: () => pieces };
}

/** An object, opened for reading from its beginning to its end. */
export interface OpenObject {
  readonly uri: string;
  /** Its bytes, where they are known: with the first answer at the latest. */
  size(): number | undefined;
  /** What the service says of it, from the first chunk on. */
  info(): ObjectInfo | undefined;
  /** Its bytes in order, in chunks that are never written to again. To be iterated once; ending the iteration early ends all requests. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** What has been done until now. */
  readonly stats: TransferStats;
}

/**
 * Opens an object (`s3://bucket/key`, a path or `file:` URL) for reading it from its beginning to its end. Nothing is asked for until `chunks` is iterated.
 *
 * The object comes in ranges of `partBytes`, several at once as soon as the reader has to wait, together at most `windowBytes` (8 and 64 MiB unless
 * given). What fails on the way is asked for again, from the byte on that is missing, and only of the same state of the object: an object that is
 * overwritten while it is read is begun anew as long as nothing of it has been handed out, and an error after that.
 *
 * @param object its address, or what a listing says of it, which saves a request where it is empty
 * @param options see {@link ObjectOptions} and {@link TransferControl}; every field has a default
 * @throws UsageError for a value that no option has
 * @throws RecordpipeError while iterating: `object-missing`, `access-denied`, `object-changed`, `object-checksum`, `retries-exhausted`, `io-failure`, `aborted`
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
  const ref = refOf(object);
  const context = transferContext(options);
  let info: ObjectInfo | undefined;
  const chunks = new PieceIterator(
    (onProgress) => new OrderedPrefetch([ref], context, undefined, onProgress),
    (piece) => {
      info = piece.object;
      return piece.chunk;
    },
    context.counts,
    options?.signal,
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
 * The face of a prefetch as an iterator. What is there is handed out at once, in a promise that is resolved already; ending it early, or its signal, ends
 * what is under way.
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

  /** @param begin makes the prefetch, which is told what to call when there may be something */
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
    await this.#finish();
    return END;
  }

  /** There may be something for those who wait. */
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

  /** Ends it, and rejects once nothing is under way any more. */
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
    // Not after what is under way has ended: whoever aborts goes on at once.
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
