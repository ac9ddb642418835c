import { inflate } from '../../bytes/inflate/inflate.ts';
import { Queue } from '../../dataset/operators/prefetch.ts';
import { isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from '../../errors.ts';
import { encodeRecordIO } from '../../formats/recordio/encode.ts';
import type { ObjectPiece } from '../../storage/prefetch/object-piece.ts';
import { readObjects } from '../../storage/read-objects.ts';
import type { ObjectRef } from '../../storage/storage.ts';
import {
  type ChannelContent,
  type EpochBytes,
  type EpochItem,
  type EpochMaking,
  wrapHeader,
  wrapPadding,
} from './channel-content.ts';
import { FileEpoch } from './file-epoch.ts';

const NOTHING = new Uint8Array(0);
const GZIP = { kind: 'gzip', zlibConcat: true, whenTruncated: 'throw' } as const;
/** Approximate maximum size of the values that wait for earlier objects, in bytes. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** Memory used by an item, excluding its value. */
const ITEM_BYTES = 64;

/**
 * Starts fetching an epoch from the beginning of an object or line. Decompresses objects and wraps
 * them in records if configured.
 * @param from place of the object or line
 */
export function fetchEpoch(
  content: Pick<ChannelContent, 'files' | 'items' | 'valueless'>,
  epoch: number,
  making: EpochMaking,
  from = 0,
): EpochBytes {
  const items = content.items(epoch, from);
  const fetch = (from: AsyncIterable<EpochItem>): EpochBytes =>
    new ObjectEpoch(from, content.valueless, making);
  const plainFiles = content.files && making.compression === 'None' && !making.skipMissing;
  return plainFiles ? new FileEpoch(items, making, fetch) : fetch(items);
}

/** A line whose chunks are held back until all of its objects are known to exist. */
interface HeldLine {
  readonly number: number | undefined;
  readonly first: EpochItem;
  readonly chunks: Uint8Array[];
  dropped: boolean;
}

/** An epoch of values and of objects, which are fetched ahead. */
class ObjectEpoch implements EpochBytes {
  readonly chunks: AsyncIterator<Uint8Array>;
  readonly reused: boolean;
  readonly allRequested: Promise<void>;
  readonly counts: EpochBytes['counts'];
  readonly #script: EpochScript;
  readonly #making: EpochMaking;
  readonly #stop = new AbortController();
  readonly #pieces: AsyncIterator<ObjectPiece>;
  /** The next piece. It is requested early, because the first request starts the transfer. */
  #ahead: Promise<IteratorResult<ObjectPiece>>;

  constructor(items: AsyncIterable<EpochItem>, valueless: boolean, making: EpochMaking) {
    this.#making = making;
    this.#script = new EpochScript(items);
    this.allRequested = this.#script.allRequested;
    const { objects, signal, skipMissing, compression } = making;
    // Decompression reads ahead, and lines with objects that may be missing are held back.
    this.reused = compression === 'None' && !skipMissing;
    const pieces = readObjects(this.#script.objects(), {
      ...objects,
      reuse: this.reused,
      signal: AbortSignal.any([signal, this.#stop.signal]),
      ...(skipMissing && {
        onObjectError: (error: Error, _ref: unknown, index: number) => {
          if (!isRecordpipeError(error, 'object-missing', 'not-found')) return 'fail';
          making.onSkipped(error, this.#script.itemOf(index));
          return 'skip';
        },
      }),
    });
    this.counts = pieces.stats;
    this.#pieces = pieces[Symbol.asyncIterator]();
    this.#ahead = this.#pull();
    const plain = this.reused && making.recordWrapper === 'None';
    this.chunks = plain && valueless ? this.#plain() : this.#built();
  }

  async cancel(): Promise<void> {
    this.#stop.abort();
    await this.#script.end();
    await this.#ahead.catch(() => {});
    await this.#pieces.return?.();
  }

  #pull(): Promise<IteratorResult<ObjectPiece>> {
    const step = this.#pieces.next();
    step.catch(() => {}); // Rethrown when awaited.
    return step;
  }

  /** Yields unmodified objects one after another. The only work per chunk is to forward it. */
  #plain(): AsyncIterator<Uint8Array> {
    let first: Promise<IteratorResult<ObjectPiece>> | undefined = this.#ahead;
    let current = -1;
    const chunkOf = (step: IteratorResult<ObjectPiece>): IteratorResult<Uint8Array> => {
      if (step.done) return { done: true, value: undefined };
      const { index, chunk } = step.value;
      if (index !== current) {
        this.#begin(this.#script.itemOf(index));
        this.#script.forget(index);
        current = index;
      }
      return { done: false, value: chunk };
    };
    return {
      next: () => {
        const step = first ?? this.#pieces.next();
        first = undefined;
        return step.then(chunkOf);
      },
    };
  }

  #begin(item: EpochItem | undefined): void {
    if (item !== undefined) this.#making.onPlace?.(item.place, item.object?.uri);
  }

  *#heldChunks({ first, chunks }: HeldLine): Generator<Uint8Array, void, undefined> {
    this.#begin(first);
    yield* chunks;
  }

  async *#built(): AsyncGenerator<Uint8Array, void, undefined> {
    let objects = 0;
    let line: HeldLine | undefined;
    for (let item = await this.#script.next(); item !== undefined; item = await this.#script.next()) {
      if (this.#making.skipMissing) {
        if (line !== undefined && (item.line === undefined || item.line !== line.number)) {
          if (!line.dropped) yield* this.#heldChunks(line);
          line = undefined;
        }
        line ??= { number: item.line, first: item, chunks: [], dropped: false };
      }
      const index = item.object === undefined ? undefined : objects++;
      const missing = index !== undefined && (await this.#isMissing(index, item));
      if (missing && line !== undefined) line.dropped = true;
      if (!missing) {
        const chunks = index === undefined ? this.#value(item) : this.#object(item);
        if (line === undefined) {
          this.#begin(item);
          yield* chunks;
        } else for await (const chunk of chunks) line.chunks.push(chunk);
      }
      if (index !== undefined) this.#script.forget(index);
    }
    if (line !== undefined && !line.dropped) yield* this.#heldChunks(line);
    const { done } = await this.#ahead;
    if (!done) throw new Error('received an object that was not requested');
  }

  /** Returns a value as a single chunk, because each chunk costs a write call. */
  #value({ value = NOTHING }: EpochItem): Uint8Array[] {
    const wrap = this.#making.recordWrapper === 'RecordIO';
    return [wrap ? encodeRecordIO(value, { escapeMagic: false }) : value];
  }

  /** Reports whether an object was skipped because it does not exist. */
  async #isMissing(index: number, item: EpochItem): Promise<boolean> {
    try {
      const { done, value } = await this.#ahead;
      return done === true || value.index !== index;
    } catch (error) {
      throw withLine(error, item);
    }
  }

  async *#object(item: EpochItem): AsyncGenerator<Uint8Array, void, undefined> {
    const { compression, recordWrapper } = this.#making;
    const uri = item.object?.uri ?? '';
    try {
      const stored = this.#stored();
      const chunks = compression === 'Gzip' ? withUri(inflate(stored, GZIP), uri) : stored;
      if (recordWrapper === 'None') yield* chunks;
      else if (compression === 'Gzip') yield* wrapped(await collected(chunks), uri);
      else {
        const { size } = ((await this.#ahead) as IteratorYieldResult<ObjectPiece>).value.object;
        yield wrapHeader(size, uri);
        yield* chunks;
        yield wrapPadding(size);
      }
    } catch (error) {
      throw withLine(error, item);
    }
  }

  /** Yields the bytes of the next object as they are stored. */
  async *#stored(): AsyncGenerator<Uint8Array, void, undefined> {
    for (;;) {
      const { done, value } = await this.#ahead;
      if (done) return;
      const { chunk, last } = value;
      this.#ahead = this.#pull();
      if (chunk.length > 0) yield chunk;
      if (last) return;
    }
  }
}

async function collected(chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return all;
}

function* wrapped(chunks: readonly Uint8Array[], uri: string): Generator<Uint8Array> {
  const bytes = chunks.reduce((sum, { length }) => sum + length, 0);
  yield wrapHeader(bytes, uri);
  yield* chunks;
  yield wrapPadding(bytes);
}

/** Yields `chunks` and adds the object's address to decompression errors. */
async function* withUri(
  chunks: AsyncIterable<Uint8Array>,
  uri: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* chunks;
  } catch (error) {
    if (!isRecordpipeError(error) || error instanceof UsageError || error.uri !== undefined) throw error;
    const { code, offset } = error;
    const hint =
      code === 'corrupt-compressed-stream'
        ? '; CompressionType Gzip requires all objects to be gzip files'
        : '';
    throw new RecordpipeError(code, `${sentenceOf(error)}${hint}`, { uri, offset }, error);
  }
}

/** Returns an object's error with its line number in the manifest added. */
export function withLine(error: unknown, { line }: { readonly line?: number | undefined }): unknown {
  if (line === undefined || !isRecordpipeError(error) || error instanceof UsageError) return error;
  const what = `${sentenceOf(error)}; line ${line} of the manifest names this object`;
  return new RecordpipeError(error.code, what, error, error.cause ?? error);
}

/**
 * Distributes the items of an epoch to two consumers. The fetcher takes objects as far ahead as
 * memory allows, and the writer takes all items in order, including values.
 */
class EpochScript {
  readonly #items: AsyncIterator<EpochItem>;
  readonly #ahead = new Queue<EpochItem>();
  /** Items of the requested objects, by object number. */
  readonly #requested = new Map<number, EpochItem>();
  #objects = 0;
  #aheadBytes = 0;
  #ended = false;
  #failure: unknown;
  #onItem: (() => void) | undefined;
  #onRoom: (() => void) | undefined;
  #onAllRequested: () => void = () => {};
  /** Resolves once the last object has been requested, or no more objects will be requested. */
  readonly allRequested: Promise<void>;

  constructor(items: AsyncIterable<EpochItem>) {
    this.#items = items[Symbol.asyncIterator]();
    this.allRequested = new Promise((resolve) => {
      this.#onAllRequested = resolve;
    });
  }

  async *objects(): AsyncGenerator<ObjectRef, void, undefined> {
    try {
      while (!this.#ended) {
        const { done, value } = await this.#items.next();
        if (done) break;
        this.#ahead.push(value);
        this.#aheadBytes += bytesOf(value);
        this.#onItem?.();
        if (value.object !== undefined) {
          this.#requested.set(this.#objects++, value);
          yield value.object;
        } else if (this.#aheadBytes > MAX_WAITING_BYTES) {
          await new Promise<void>((resolve) => {
            this.#onRoom = resolve;
          });
        }
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      await this.end();
    }
  }

  /** Returns the next item, or undefined at the end. @throws the error that ended the items */
  async next(): Promise<EpochItem | undefined> {
    while (this.#ahead.length === 0) {
      if (this.#failure !== undefined) throw this.#failure;
      if (this.#ended) return undefined;
      await new Promise<void>((resolve) => {
        this.#onItem = resolve;
      });
    }
    const item = this.#ahead.shift();
    this.#aheadBytes -= bytesOf(item);
    if (this.#aheadBytes <= MAX_WAITING_BYTES) this.#onRoom?.();
    return item;
  }

  /** Returns the item of an object by its number. */
  itemOf(object: number): EpochItem | undefined {
    return this.#requested.get(object);
  }

  /** Discards the item of an object that was delivered or skipped. */
  forget(object: number): void {
    this.#requested.delete(object);
  }

  /** Stops requesting items. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#onItem?.();
    this.#onRoom?.();
    this.#onAllRequested();
    await this.#items.return?.();
  }
}

function bytesOf({ value }: EpochItem): number {
  return ITEM_BYTES + (value?.length ?? 0);
}
