import { abortable } from '../../../bytes/abortable.ts';
import { RecordpipeError } from '../../../errors.ts';
import { pathOf, statFile } from '../../../storage/local/list-files.ts';
import { isRemote } from '../../../storage/registry.ts';
import type { ObjectRef } from '../../../storage/storage.ts';
import { openStored } from '../../../storage/stored-source.ts';
import type { ChannelContent, EpochBytes, EpochItem, EpochMaking, EpochOffset } from '../channel-content.ts';
import { fetchEpoch } from '../object-epoch.ts';

/** Number of bytes to read at a time from a local file. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Starts fetching an epoch at any byte. Objects before it are not read. An uncompressed object is
 * read from that byte. A decompressed or wrapped one is read from its beginning, and the bytes
 * before the position are dropped.
 */
export function fetchEpochFrom(
  content: ChannelContent,
  epoch: number,
  making: EpochMaking,
  at: EpochOffset,
): EpochBytes {
  if (at.offset === 0) return fetchEpoch(content, epoch, making, at.object);
  return new ResumedEpoch(content, epoch, making, at);
}

/** The bytes of one object or line. */
export interface PlaceBytes {
  readonly chunks: AsyncIterator<Uint8Array>;
  readonly counts: EpochBytes['counts'];
  cancel(): Promise<void>;
}

/** Starts fetching one object or line of an epoch from an offset. */
export function fetchPlace(
  content: ChannelContent,
  epoch: number,
  making: EpochMaking,
  at: EpochOffset,
): PlaceBytes {
  const isStored = content.valueless && making.compression === 'None' && making.recordWrapper === 'None';
  if (!isStored) return madePlace(content, epoch, making, at);
  const chunks = storedRest(content, epoch, making, at);
  return {
    chunks,
    counts: { requests: 1, retries: 0 },
    cancel: async () => void (await chunks.return()),
  };
}

/** An epoch that starts within an object or line. */
class ResumedEpoch implements EpochBytes {
  readonly chunks: AsyncGenerator<Uint8Array, void, undefined>;
  readonly reused = true;
  readonly allRequested: Promise<void>;
  readonly #first: PlaceBytes;
  readonly #rest: EpochBytes;

  constructor(content: ChannelContent, epoch: number, making: EpochMaking, at: EpochOffset) {
    this.#first = fetchPlace(content, epoch, making, at);
    this.#rest = fetchEpoch(content, epoch, making, at.object + 1);
    this.allRequested = this.#rest.allRequested;
    this.chunks = this.#both();
  }

  get counts(): EpochBytes['counts'] {
    const [first, rest] = [this.#first.counts, this.#rest.counts];
    return { requests: first.requests + rest.requests, retries: first.retries + rest.retries };
  }

  async cancel(): Promise<void> {
    await this.#first.cancel();
    await this.#rest.cancel();
  }

  async *#both(): AsyncGenerator<Uint8Array, void, undefined> {
    for (const { chunks } of [this.#first, this.#rest])
      for (let step = await chunks.next(); !step.done; step = await chunks.next()) yield step.value;
  }
}

/** Yields the bytes of an object that is streamed as it is stored. */
async function* storedRest(
  content: ChannelContent,
  epoch: number,
  { objects, signal, onPlace }: EpochMaking,
  { object, offset }: EpochOffset,
): AsyncGenerator<Uint8Array, void, undefined> {
  for await (const item of itemsAt(content, epoch, object)) {
    const ref = item.object as ObjectRef;
    const { onEvent, signal: _, ...rest } = objects;
    onPlace?.(object, ref.uri);
    await checkVersion(ref);
    const place = isRemote(ref.uri) ? ref : pathOf(ref.uri);
    const opened = openStored(place, { chunkBytes: CHUNK_BYTES, start: offset }, { objects: rest, onEvent });
    yield* abortable(opened.chunks, signal);
    await checkVersion(ref);
  }
}

/** Checks that a local file is the one that was listed. Objects are checked with each request. */
async function checkVersion({ uri, etag }: ObjectRef): Promise<void> {
  if (etag === undefined || isRemote(uri) || (await statFile({ uri })).etag === etag) return;
  throw new RecordpipeError('object-changed', 'the file was modified or replaced after it was listed', {
    uri,
  });
}

/** Makes the bytes of an object or line again and drops those before the offset. */
function madePlace(
  content: ChannelContent,
  epoch: number,
  making: EpochMaking,
  { object, offset }: EpochOffset,
): PlaceBytes {
  const { files, valueless } = content;
  const items = (): AsyncIterable<EpochItem> => itemsAt(content, epoch, object);
  const bytes = fetchEpoch({ files, valueless, items }, epoch, making);
  return {
    chunks: without(bytes.chunks, offset),
    counts: bytes.counts,
    cancel: () => bytes.cancel(),
  };
}

async function* itemsAt(
  content: ChannelContent,
  epoch: number,
  place: number,
): AsyncGenerator<EpochItem, void, undefined> {
  for await (const item of content.items(epoch, place)) {
    if (item.place !== place) return;
    yield item;
  }
}

async function* without(
  chunks: AsyncIterator<Uint8Array>,
  bytes: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  let remaining = bytes;
  for (let step = await chunks.next(); !step.done; step = await chunks.next()) {
    const { length } = step.value;
    if (remaining < length) yield step.value.subarray(remaining);
    remaining = Math.max(0, remaining - length);
  }
}
