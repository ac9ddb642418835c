import { typeName } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import type { ObjectPiece, OnObjectError } from './prefetch/object-piece.ts';
import type { ObjectRefs } from './prefetch/object-plan.ts';
import { OrderedPrefetch } from './prefetch/ordered-prefetch.ts';
import { PieceIterator } from './prefetch/piece-iterator.ts';
import { type ObjectReadOptions, type TransferStats, transferContext } from './prefetch/transfer-control.ts';

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
