import { abortError } from '../../bytes/abortable.ts';
import { ReadPace, SLICE_BYTES, SlicedFile } from '../../storage/local/sliced-file.ts';
import type { ObjectRef } from '../../storage/storage.ts';
import {
  type EpochBytes,
  type EpochItem,
  type EpochMaking,
  wrapHeader,
  wrapPadding,
} from './channel-content.ts';

/** A function that fetches items ahead of their use. */
type Fetch = (items: AsyncIterable<EpochItem>) => EpochBytes;

/**
 * An epoch of local files. While files are in the page cache, this thread reads them in slices
 * whenever the pipe has room. This is twice as fast as reading ahead, which a cached file does not
 * need. Starting with the first slow file, other threads fetch the remaining files like objects, in
 * parallel ranges.
 */
export class FileEpoch implements EpochBytes {
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>;
  readonly reused = true;
  readonly allRequested: Promise<void>;
  readonly #items: AsyncIterator<EpochItem>;
  readonly #making: EpochMaking;
  readonly #fetch: Fetch;
  readonly #pace: ReadPace;
  #allRequested: () => void = () => {};
  #files = 0;
  #remaining: EpochBytes | undefined;

  constructor(
    items: AsyncIterable<EpochItem>,
    making: EpochMaking,
    fetch: Fetch,
    pace: ReadPace = new ReadPace(),
  ) {
    this.#pace = pace;
    this.#items = items[Symbol.asyncIterator]();
    this.#making = making;
    this.#fetch = fetch;
    this.allRequested = new Promise((resolve) => {
      this.#allRequested = resolve;
    });
    this.chunks = this.#slices();
  }

  get counts(): EpochBytes['counts'] {
    const { requests = 0, retries = 0 } = this.#remaining?.counts ?? {};
    return { requests: this.#files + requests, retries };
  }

  async cancel(): Promise<void> {
    await this.#remaining?.cancel();
    await this.chunks.return();
    await this.#items.return?.();
    this.#allRequested();
  }

  async *#slices(): AsyncGenerator<Uint8Array, void, undefined> {
    const into = new Uint8Array(Buffer.allocUnsafeSlow(SLICE_BYTES).buffer);
    for (;;) {
      const step = await this.#items.next();
      if (step.done) break;
      const ref = step.value.object as ObjectRef;
      const file = new SlicedFile(ref, into, this.#pace);
      try {
        if (this.#pace.slow) {
          yield* this.#fetchRest(step.value);
          return;
        }
        this.#files++;
        this.#making.onPlace?.(step.value.place, ref.uri);
        yield* this.#object(file, ref);
      } finally {
        file.close();
      }
    }
    this.#allRequested();
  }

  *#object(file: SlicedFile, ref: ObjectRef): Generator<Uint8Array, void, undefined> {
    const { recordWrapper, signal, objects } = this.#making;
    const { uri, size, etag } = file.info;
    if (ref.etag !== undefined && ref.etag !== etag) {
      const reason = 'the file was modified or replaced after it was listed';
      objects.onEvent?.({ type: 'restarted', uri, reason });
    }
    if (recordWrapper === 'RecordIO') yield wrapHeader(size, uri);
    for (let slice = file.next(); slice !== undefined; slice = file.next()) {
      if (signal.aborted) throw abortError(signal);
      yield slice;
    }
    if (recordWrapper === 'RecordIO') yield wrapPadding(size);
  }

  async *#fetchRest(first: EpochItem): AsyncGenerator<Uint8Array, void, undefined> {
    const items = this.#items;
    const rest = this.#fetch(
      (async function* itemsLeft() {
        yield first;
        for (let step = await items.next(); !step.done; step = await items.next()) yield step.value;
      })(),
    );
    this.#remaining = rest;
    void rest.allRequested.then(this.#allRequested);
    try {
      for (let step = await rest.chunks.next(); !step.done; step = await rest.chunks.next()) yield step.value;
    } finally {
      await rest.cancel();
    }
  }
}
