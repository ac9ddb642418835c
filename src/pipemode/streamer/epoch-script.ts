import { Queue } from '../../dataset/operators/prefetch.ts';
import { RecordpipeError } from '../../errors.ts';
import { PART_HEADER_BYTES, PART_LENGTH_END, RECORDIO_MAGIC } from '../../formats/recordio/layout.ts';
import type { ObjectRef } from '../../storage/storage.ts';
import type { EpochItem } from './content/channel-content.ts';

/** RecordIO's header of a record in one part, and nothing escaped: every reader that goes from record to record understands it. */
export function wrapHeader(payloadBytes: number, uri: string): Uint8Array {
  if (payloadBytes >= PART_LENGTH_END) {
    const what = `${payloadBytes} bytes do not fit into a RecordIO record (at most ${PART_LENGTH_END - 1}); stream it without RecordWrapperType RecordIO, or cut it`;
    throw new RecordpipeError('record-too-large', what, { uri });
  }
  const header = new Uint8Array(PART_HEADER_BYTES);
  const view = new DataView(header.buffer);
  view.setUint32(0, RECORDIO_MAGIC, true);
  view.setUint32(4, payloadBytes, true);
  return header;
}

const PADDING = [new Uint8Array(0), new Uint8Array(1), new Uint8Array(2), new Uint8Array(3)];

/** The zeros behind a payload. */
export function wrapPadding(payloadBytes: number): Uint8Array {
  return PADDING[-payloadBytes & 3];
}

/** Values wait for the objects in front of them; together not many more bytes than these. */
const MAX_WAITING_BYTES = 1024 * 1024;
/** What an item takes besides its value. */
const ITEM_BYTES = 64;

/**
 * The items of an epoch, followed by two: what fetches objects asks for them as far ahead as there is room for their bytes, and what writes takes all items, values
 * included, when their turn comes.
 */
export class EpochScript {
  readonly #items: AsyncIterator<EpochItem>;
  readonly #ahead = new Queue<EpochItem>();
  /** Items of objects that have been asked for, by the objects' numbers. */
  readonly #asked = new Map<number, EpochItem>();
  #objects = 0;
  #aheadBytes = 0;
  #ended = false;
  #failure: unknown;
  #onItem: (() => void) | undefined;
  #onRoom: (() => void) | undefined;
  #onAllRequested: () => void = () => {};
  /** Fulfilled when the last object has been asked for, or nothing more will be. */
  readonly allRequested: Promise<void>;

  constructor(items: AsyncIterable<EpochItem>) {
    this.#items = items[Symbol.asyncIterator]();
    this.allRequested = new Promise((resolve) => {
      this.#onAllRequested = resolve;
    });
  }

  /** The objects. */
  async *objects(): AsyncGenerator<ObjectRef, void, undefined> {
    try {
      while (!this.#ended) {
        const { done, value } = await this.#items.next();
        if (done) break;
        this.#ahead.push(value);
        this.#aheadBytes += bytesOf(value);
        this.#onItem?.();
        if (value.object !== undefined) {
          this.#asked.set(this.#objects++, value);
          yield value.object;
        } else if (this.#aheadBytes > MAX_WAITING_BYTES) await this.#room();
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      await this.end();
    }
  }

  /** The next item; undefined at the end. @throws why there are no more, where that is no end */
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

  /** The item of an object, by its number among the objects. */
  ofObject(index: number): EpochItem | undefined {
    return this.#asked.get(index);
  }

  /** Its object has been dealt with. */
  forget(index: number): void {
    this.#asked.delete(index);
  }

  /** No more is asked for. */
  async end(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    this.#onItem?.();
    this.#onRoom?.();
    this.#onAllRequested();
    await this.#items.return?.();
  }

  #room(): Promise<void> {
    return new Promise((resolve) => {
      this.#onRoom = resolve;
    });
  }
}

function bytesOf({ value }: EpochItem): number {
  return ITEM_BYTES + (value?.length ?? 0);
}
