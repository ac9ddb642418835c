import { abortError, checkAborted, onAbort } from '../bytes/abortable.ts';
import { FetchFailure } from './errors.ts';
import type { ObjectOptions } from './object-options.ts';
import { threadBlocks } from './prefetch/block-memory.ts';
import { joined } from './prefetch/object-piece.ts';
import { type ObjectState, RangeTransfer, TransferFailure } from './prefetch/range-transfer.ts';
import {
  type OnTransferEvent,
  PART_UNITS,
  SMALL_UNITS,
  type TransferContext,
  transferContext,
} from './prefetch/transfer-control.ts';
import type { RangeHead } from './storage.ts';

/** Maximum size of a small object, in bytes. One block of memory holds it. */
const MAX_SMALL_BYTES = 1024 * 1024;

/** Reports whether {@link readSmallObject} can read an object of this size. */
export function isSmallObject(
  size: number | undefined,
  { verifyObject, pinVersion, partBytes }: ObjectOptions,
): boolean {
  if (verifyObject || pinVersion || size === undefined) return false;
  return size > 0 && size <= Math.min(MAX_SMALL_BYTES, partBytes);
}

/** A small object that was read with one request. */
export interface SmallObject {
  /** All bytes of the object. They are valid until `release` is called. */
  readonly bytes: Uint8Array;
  /** Leaves the memory for other objects. */
  release(): void;
}

/** Controls for reading a small object. */
export interface SmallObjectAccess {
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly signal: AbortSignal | undefined;
  readonly onEvent: OnTransferEvent;
}

/**
 * Reads a small object of known size with one request, without a stream. For thousands of small
 * objects, a stream for each takes longer than the transfer. Failed requests are retried.
 *
 * @returns undefined if the object is large or empty, must be verified, or has changed since it
 *   was listed; the general reader handles all these cases
 * @throws RecordpipeError the same errors as reading a stream
 */
export async function readSmallObject(
  uri: string,
  size: number,
  etag: string | undefined,
  { objects, signal, onEvent }: SmallObjectAccess,
): Promise<SmallObject | undefined> {
  const context = contextOf(objects);
  if (!isSmallObject(size, context.options)) return undefined;
  checkAborted(signal);
  const bytes = new Arriving();
  const transfer = new RangeTransfer({ ...context, onEvent }, new Listed(uri, size, etag), 0, size, (chunk) =>
    bytes.add(chunk),
  );
  const leave = threadBlocks.enter();
  const stop = (): void => transfer.stop();
  onAbort(signal, stop);
  try {
    await transfer.run();
  } catch (error) {
    leave();
    if (!(error instanceof TransferFailure)) throw error;
    if (error.failure.kind === 'changed' || error.failure.status === 416) return undefined;
    throw error.typed();
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  if (signal?.aborted) {
    leave();
    throw abortError(signal);
  }
  const whole = bytes.whole();
  const release = (): void => {
    threadBlocks.give(whole.buffer);
    leave();
  };
  return { bytes: whole, release };
}

/** The contexts that all small objects with the same options share. */
const contexts = new WeakMap<object, TransferContext>();
const NO_OPTIONS = {};

function contextOf(objects: Partial<ObjectOptions> | undefined): TransferContext {
  let context = contexts.get(objects ?? NO_OPTIONS);
  if (context === undefined) {
    const given = transferContext({ ...objects, reuse: true });
    // The process limits these requests, and the caller their number.
    const seat = given.gate.seat(Number.POSITIVE_INFINITY, SMALL_UNITS / PART_UNITS);
    context = { ...given, seat };
    contexts.set(objects ?? NO_OPTIONS, context);
  }
  return context;
}

/** The version of an object according to its listing. */
class Listed implements ObjectState {
  readonly uri: string;
  readonly size: number;
  readonly etag: string | undefined;
  readonly versionId: undefined;

  constructor(uri: string, size: number, etag: string | undefined) {
    this.uri = uri;
    this.size = size;
    this.etag = etag;
  }

  confirm({ size, etag }: RangeHead): void {
    if (size !== this.size) throw new FetchFailure('changed', `it has ${size} bytes instead of ${this.size}`);
    if (this.etag !== undefined && etag !== undefined && etag !== this.etag)
      throw new FetchFailure('changed', `its ETag is ${etag} instead of ${this.etag}`);
  }
}

/** Bytes that arrive in one block, or in the memory of the source. */
class Arriving {
  readonly #chunks: Uint8Array[] = [];

  add(chunk: Uint8Array): void {
    const last = this.#chunks.length - 1;
    const both = last >= 0 ? joined(this.#chunks[last], chunk) : undefined;
    if (both === undefined) this.#chunks.push(chunk);
    else this.#chunks[last] = both;
  }

  whole(): Uint8Array {
    return this.#chunks.length === 1 ? this.#chunks[0] : Buffer.concat(this.#chunks);
  }
}
