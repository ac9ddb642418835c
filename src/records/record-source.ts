import { abortable, checkAborted } from '../bytes/abortable.ts';
import type { InflateOptions } from '../bytes/inflate/gzip-header.ts';
import { inflate } from '../bytes/inflate/inflate.ts';
import type { ByteSource, ChunkReading } from '../bytes/sources.ts';
import { type ErrorPlace, isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from '../errors.ts';
import type { Compression, ReadOptions } from '../formats/read-options.ts';
import { chunksFrom } from '../formats/record-format.ts';
import { openSource } from '../storage/open-source.ts';
import { PeekedSource } from './identify-source.ts';
import { openSeeking } from './seek-source.ts';

/** A source opened and inflated. */
export interface RecordSource {
  readonly uri: string | undefined;
  readonly compression: Compression;
  /** Total bytes, where nothing is compressed and the source knows. */
  readonly size: (() => number) | undefined;
  /** The uncompressed bytes. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Bytes taken from the source so far, as they are stored. */
  readonly stored: { bytes: number };
  /** Zlib streams after the first that have been read. */
  readonly nextStreams?: { count: number };
}

/** The compression of a stream by its first bytes: what is neither known compression nor known data is `none`. */
export type DetectCompression = (head: Uint8Array) => Compression;

/** How many bytes tell the compression. */
const HEAD_BYTES = 12;

/** Opens a source, finds out its compression and inflates it. */
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

/** What inflating is told for these options of reading. */
export function inflateOptions(kind: 'gzip' | 'zlib', options: ReadOptions): InflateOptions {
  const { zlibConcat, onTruncated, compat } = options;
  const stop = compat === 'tf' ? 'stop' : 'stop-at-trailer';
  return { kind, zlibConcat, whenTruncated: onTruncated === 'stop' ? stop : 'throw' };
}

/** `error` with the place it lacks: failures of the bytes' source do not know which record was being read. */
export function placed(error: unknown, place: ErrorPlace): unknown {
  if (!isRecordpipeError(error) || error instanceof UsageError || error.record !== undefined) return error;
  // What fails before the first record concerns the source as a whole.
  if (error.uri !== undefined && !(place.offset && place.offset > 0)) return error;
  const { code, cause } = error;
  return new RecordpipeError(code, sentenceOf(error), { ...place, uri: error.uri ?? place.uri }, cause);
}

async function detect(
  iterator: AsyncIterator<Uint8Array>,
  wanted: Compression | 'auto',
  detectCompression: DetectCompression,
): Promise<{ compression: Compression; taken: Uint8Array[] }> {
  const taken: Uint8Array[] = [];
  if (wanted !== 'auto') return { compression: wanted, taken };
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < HEAD_BYTES) {
    const { done, value } = await iterator.next();
    if (done) break;
    // A chunk that does not tell waits for the next ones, and its memory may be used again by then.
    taken.push(value.length < HEAD_BYTES ? value.slice() : value);
    head = taken.length === 1 ? value.subarray(0, 64) : joinHead(head, value);
  }
  return { compression: detectCompression(head), taken };
}

/** The chunks taken, then the others. No generator: with one more turn of the event loop's queue per chunk, blocking scans were 5 % slower. */
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
