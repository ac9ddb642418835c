import { abortable, checkAborted } from '../bytes/abortable.ts';
import type { InflateOptions } from '../bytes/inflate/gzip-header.ts';
import { inflate } from '../bytes/inflate/inflate.ts';
import type { ByteSource, ChunkReading } from '../bytes/sources.ts';
import type { Compression } from '../formats/codec-options.ts';
import { type CodecOptions, startBeyondEnd } from '../formats/codec-options.ts';
import { placed } from '../formats/corruption.ts';
import type { DetectCompression, RecordSource } from '../formats/record-format.ts';
import { openSource } from '../storage/open-source.ts';
import { PeekedSource } from './peeked-source.ts';
import type { ReadOptions } from './read-options.ts';
import { openSeeking } from './seek-source.ts';

/** Number of leading bytes needed to detect the compression. */
const HEAD_BYTES = 12;

/** Opens a source, detects its compression and inflates it. */
export async function openRecordSource(
  source: ByteSource | PeekedSource,
  options: ReadOptions,
  detectCompression: DetectCompression,
  nextBuffer?: ChunkReading['nextBuffer'],
): Promise<RecordSource> {
  checkAborted(options.signal);
  const { chunkBytes, blocking } = options;
  const peeked = source instanceof PeekedSource ? source : undefined;
  peeked?.readInto(nextBuffer);
  const reading = { chunkBytes, blocking, nextBuffer };
  const begin = options.start?.offset ?? 0;
  if (begin > 0 && peeked === undefined) {
    const seeking = await openSeeking(source as ByteSource, begin, options, detectCompression, reading);
    if (seeking !== undefined) return seeking;
  }
  const opened = peeked?.opened ?? openSource(source as ByteSource, reading, options);
  const uri = options.uri ?? opened.uri;
  const stored = { bytes: 0 };
  const iterator = peeked?.iterator ?? abortable(opened.chunks, options.signal)[Symbol.asyncIterator]();
  const detecting = detect(iterator, options.compression, detectCompression);
  const detected = await detecting.catch((error: unknown) => {
    throw placed(error, { uri, record: options.start?.record ?? 0, offset: begin });
  });
  const { compression } = detected;
  const taken = peeked === undefined ? detected.taken : [...peeked.taken.splice(0), ...detected.taken];
  const watched = counted(taken, iterator, stored);
  const nextStreams = { count: 0 };
  const common = { uri, compression, stored, nextStreams };
  if (compression === 'none')
    return { ...common, size: opened.size, chunks: chunksFrom(watched, begin, uri) };
  const onNextStream = (): void => {
    nextStreams.count++;
  };
  const inflated = inflate(watched, { ...inflateOptions(compression, options), onNextStream });
  return { ...common, size: undefined, chunks: chunksFrom(inflated, begin, uri) };
}

/** Opens the bytes of an uncompressed source. */
export function wholeSource(bytes: Uint8Array, uri: string | undefined): RecordSource {
  const stored = { bytes: 0 };
  async function* chunks(): AsyncGenerator<Uint8Array> {
    stored.bytes = bytes.length;
    yield bytes;
  }
  return { uri, compression: 'none', stored, size: () => bytes.length, chunks: chunks() };
}

/** Returns the options for inflating a stream with these reading options. */
export function inflateOptions(kind: 'gzip' | 'zlib', options: CodecOptions): InflateOptions {
  const { zlibConcat, onTruncated, compat } = options;
  const stop = compat === 'tf' ? 'stop' : 'stop-at-trailer';
  return { kind, zlibConcat, whenTruncated: onTruncated === 'stop' ? stop : 'throw' };
}

async function detect(
  iterator: AsyncIterator<Uint8Array>,
  known: Compression | 'auto',
  detectCompression: DetectCompression,
): Promise<{ compression: Compression; taken: Uint8Array[] }> {
  const taken: Uint8Array[] = [];
  if (known !== 'auto') return { compression: known, taken };
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < HEAD_BYTES) {
    const { done, value } = await iterator.next();
    if (done) break;
    // The source may reuse the memory of a chunk when the next one is requested.
    taken.push(value.length < HEAD_BYTES ? value.slice() : value);
    head = taken.length === 1 ? value.subarray(0, 64) : joinHead(head, value);
  }
  return { compression: detectCompression(head), taken };
}

/**
 * Returns the inspected chunks, followed by the remaining ones. It is not a generator, because an
 * extra promise per chunk made blocking scans 5% slower.
 */
function counted(
  taken: Uint8Array[],
  iterator: AsyncIterator<Uint8Array>,
  stored: { bytes: number },
): AsyncIterable<Uint8Array> {
  const count = (step: IteratorResult<Uint8Array>): IteratorResult<Uint8Array> => {
    if (!step.done) stored.bytes += step.value.length;
    return step;
  };
  const counting: AsyncIterator<Uint8Array> = {
    next() {
      const value = taken.shift();
      return value === undefined
        ? iterator.next().then(count)
        : Promise.resolve(count({ done: false, value }));
    },
    async return() {
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => counting };
}

function joinHead(head: Uint8Array, next: Uint8Array): Uint8Array {
  const joined = new Uint8Array(head.length + Math.min(next.length, 64));
  joined.set(head);
  joined.set(next.subarray(0, 64), head.length);
  return joined;
}

/** Yields the chunks from a position in the source. Earlier bytes are read and dropped. */
function chunksFrom(
  chunks: AsyncIterable<Uint8Array>,
  offset: number,
  uri: string | undefined,
): AsyncIterable<Uint8Array> {
  if (offset === 0) return chunks;
  let iterator: AsyncIterator<Uint8Array> | undefined;
  let position = 0;
  const skipping: AsyncIterator<Uint8Array> = {
    async next() {
      iterator ??= chunks[Symbol.asyncIterator]();
      while (position < offset) {
        const step = await iterator.next();
        if (step.done) throw startBeyondEnd(offset, position, uri);
        const from = offset - position;
        position += step.value.length;
        if (position > offset) return { done: false, value: step.value.subarray(from) };
      }
      return iterator.next();
    },
    async return() {
      iterator ??= chunks[Symbol.asyncIterator]();
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => skipping };
}
