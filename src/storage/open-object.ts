import { refOf } from './object-address.ts';
import { OrderedPrefetch } from './prefetch/ordered-prefetch.ts';
import { PieceIterator } from './prefetch/piece-iterator.ts';
import type { TransferStats } from './prefetch/transfer-control.ts';
import { type ObjectReadOptions, transferContext } from './prefetch/transfer-control.ts';
import type { ObjectInfo, ObjectRef } from './storage.ts';

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
