import type { ObjectInfo } from '../storage.ts';
import type { ObjectPiece, OnObjectError } from './object-piece.ts';
import type { ObjectRead, ObjectRefs, Part } from './object-plan.ts';
import { END, LATER } from './object-plan.ts';
import { PartProducer } from './part-producer.ts';
import type { TransferContext } from './transfer-control.ts';

const NOTHING = new Uint8Array(0);

/**
 * Delivers the bytes of objects in order, from ranges that are read in parallel. Ranges start in
 * order as long as they fit in the window. Each is read to its end, regardless of the reader's
 * speed: a slow reader only delays the next range. This bounds memory, and no connection waits for
 * a reader.
 */
export class OrderedPrefetch {
  readonly #context: TransferContext;
  readonly #producer: PartProducer;
  readonly #onError: OnObjectError | undefined;
  /**
   * The part of the most recently delivered bytes. They are released when the next bytes are taken.
   */
  #handed: Part | undefined;
  #handedBytes = 0;
  /** The block that ends with the most recently delivered bytes. */
  #emptied: ArrayBufferLike | undefined;
  /**
   * The block that ended with the bytes before. Readers need the previous chunk for something that
   * spans two chunks, so its block is reused only after the next one.
   */
  #previous: ArrayBufferLike | undefined;

  /**
   * @param onProgress called when {@link take} may have bytes after it has returned {@link LATER}
   */
  constructor(
    refs: ObjectRefs,
    context: TransferContext,
    onError: OnObjectError | undefined,
    onProgress: () => void,
  ) {
    this.#context = context;
    this.#onError = onError;
    this.#producer = new PartProducer(refs, context, onError !== undefined, onProgress);
  }

  /**
   * Returns the next bytes, or the reason why none are available, and releases the previous chunk.
   * @throws RecordpipeError at the first bytes that cannot be read; any error of the plan
   */
  take(): ObjectPiece | typeof LATER | typeof END {
    this.#giveBack();
    const { window, queue } = this.#producer;
    window.readerWaits = false;
    for (;;) {
      const object = queue.first;
      const piece = object === undefined ? this.#plan() : this.#takeOf(object);
      if (piece === undefined) continue;
      if (piece === LATER) {
        window.readerWaits = true;
        if (window.widen()) this.#producer.fill();
      }
      return piece;
    }
  }

  /** Ends requests, the plan and timers. Resolves when no request is in progress. */
  close(): Promise<void> {
    this.#giveBack();
    return this.#producer.close();
  }

  #giveBack(): void {
    const part = this.#handed;
    if (part === undefined) return;
    this.#handed = undefined;
    this.#producer.giveBack(part, this.#handedBytes);
    if (this.#previous !== undefined) this.#context.blocks?.give(this.#previous);
    this.#previous = this.#emptied;
  }

  /** Plans the next objects. Called when the queue is empty. */
  #plan(): typeof LATER | typeof END | undefined {
    const { plan, queue } = this.#producer;
    this.#producer.fill();
    if (queue.first !== undefined) return undefined;
    if (!plan.ended) return LATER;
    if (plan.failure !== undefined) throw plan.failure;
    return END;
  }

  /**
   * Takes the next bytes of an object. @returns undefined to continue with the next part or object
   */
  #takeOf(object: ObjectRead): ObjectPiece | typeof LATER | undefined {
    const part = object.parts[0];
    if (part === undefined) return this.#takeNext(object);
    try {
      if (part.taken < part.chunks.length)
        return object.verification?.pending ? LATER : this.#takeChunk(object, part);
      if (part.failure !== undefined) throw part.failure;
      if (!part.done) return LATER;
      if (object.size === 0) return this.#takeEmpty(object);
    } catch (error) {
      this.#skip(object, error);
      return undefined;
    }
    object.parts.shift();
    this.#producer.window.partDelivered();
    return undefined;
  }

  /** Handles the next part of an object. Called when all started parts have been delivered. */
  #takeNext(object: ObjectRead): ObjectPiece | typeof LATER | undefined {
    if (object.size === 0) return this.#takeEmpty(object);
    if (object.finished) {
      this.#producer.queue.shift();
      return undefined;
    }
    this.#producer.fill();
    return object.parts.length > 0 ? undefined : LATER;
  }

  #takeChunk(object: ObjectRead, part: Part): ObjectPiece {
    const chunk = part.chunks[part.taken];
    const offset = object.delivered;
    const last = offset + chunk.length === object.end;
    this.#check(object, chunk, last);
    part.chunks[part.taken] = NOTHING;
    part.taken += 1;
    object.delivered = offset + chunk.length;
    this.#handed = part;
    this.#handedBytes = chunk.length;
    this.#emptied =
      endsBlock(chunk) || offset + chunk.length === part.transfer?.end ? chunk.buffer : undefined;
    this.#producer.window.delivered(chunk.length);
    return { object: object.info as ObjectInfo, index: object.index, offset, chunk, last };
  }

  #takeEmpty(object: ObjectRead): ObjectPiece | typeof LATER {
    if (object.verification?.pending) return LATER;
    this.#check(object, NOTHING, true);
    this.#producer.queue.shift();
    const { uri, etag, versionId } = object;
    const info = object.info ?? { uri, size: 0, etag, versionId };
    return { object: info, index: object.index, offset: 0, chunk: NOTHING, last: true };
  }

  /**
   * Verifies an object. Runs before the last chunk is delivered, so that a reader that receives all
   * bytes receives verified data.
   */
  #check(object: ObjectRead, chunk: Uint8Array, last: boolean): void {
    const { counts, onEvent } = this.#context;
    const { verification, uri } = object;
    verification?.update(chunk);
    const reason = last ? verification?.finish(object.etag) : undefined;
    if (!last) return;
    counts.objects += 1;
    if (verification === undefined) return;
    if (reason === undefined) counts.verified += 1;
    else {
      counts.unverified += 1;
      onEvent?.({ type: 'unverified', uri, reason });
    }
  }

  /** Skips the object if `onObjectError` requests it and no byte has been delivered. */
  #skip(object: ObjectRead, error: unknown): void {
    const { ref, index, parts, uri } = object;
    if (object.delivered > object.start || !(error instanceof Error)) throw error;
    if (this.#onError?.(error, ref, index) !== 'skip') throw error;
    this.#context.onEvent?.({ type: 'skipped', uri, error });
    this.#producer.queue.shift();
    this.#producer.drop(parts);
    this.#producer.fill();
  }
}

/** Reports whether no byte can follow the chunk in its block. */
function endsBlock({ buffer, byteOffset, length }: Uint8Array): boolean {
  return byteOffset + length === buffer.byteLength;
}
