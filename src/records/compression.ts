import { abortable, checkAborted } from '../bytes/abortable.ts';
import { type InflateOptions, inflate } from '../bytes/inflate.ts';
import { readU32 } from '../bytes/little-endian.ts';
import { looksLikeGzip, looksLikeZlib } from '../bytes/sniff.ts';
import { type ByteSource, type ChunkReading, openSource } from '../bytes/sources.ts';
import { crc32c } from '../crc32c/crc32c.ts';
import { maskCrc32c } from '../crc32c/mask.ts';
import { type ErrorPlace, isRecordpipeError, RecordpipeError } from '../errors.ts';
import { HEADER_BYTES, LENGTH_BYTES } from '../framing/tfrecord-layout.ts';
import type { Compression, TFRecordReadOptions } from './read-options.ts';

/** A source opened and inflated. */
export interface TFRecordSource {
  readonly uri: string | undefined;
  readonly compression: Compression;
  /** Total bytes, where nothing is compressed and the source knows. */
  readonly size: (() => number) | undefined;
  /** The uncompressed bytes. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Bytes taken from the source so far, as they are stored. */
  readonly stored: { bytes: number };
}

/** Opens a source, finds out its compression and inflates it. */
export async function openTFRecordSource(
  source: ByteSource,
  options: TFRecordReadOptions,
  nextBuffer?: ChunkReading['nextBuffer'],
): Promise<TFRecordSource> {
  checkAborted(options.signal);
  const { chunkBytes, blocking } = options;
  const opened = openSource(source, { chunkBytes, blocking, nextBuffer });
  const uri = options.uri ?? opened.uri;
  const stored = { bytes: 0 };
  const iterator = abortable(opened.chunks, options.signal)[Symbol.asyncIterator]();
  const { compression, taken } = await detect(iterator, options.compression);
  const watched = counted(taken, iterator, stored);
  if (compression === 'none') return { uri, compression, size: opened.size, chunks: watched, stored };
  const inflated = inflate(watched, inflateOptions(compression, options));
  return { uri, compression, size: undefined, chunks: inflated, stored };
}

/** What inflating is told for these options of reading. */
export function inflateOptions(kind: 'gzip' | 'zlib', options: TFRecordReadOptions): InflateOptions {
  const { zlibConcat, onTruncated, compat } = options;
  const stop = compat === 'tf' ? 'stop' : 'stop-at-trailer';
  return { kind, zlibConcat, whenTruncated: onTruncated === 'stop' ? stop : 'throw' };
}

/**
 * The compression of a TFRecord stream by its first bytes: a good first header means none, whatever else it looks like; then the gzip
 * and the zlib magic decide; what is neither is read as uncompressed and fails with a reason.
 *
 * @param head the first bytes, 64 are enough
 * @example
 * ```ts
 * import { gzipSync } from 'node:zlib';
 * import { detectCompression, encodeTFRecord } from 'recordpipe';
 * const record = encodeTFRecord(Uint8Array.of(7));
 * console.log(detectCompression(record), detectCompression(gzipSync(record))); // none gzip
 * ```
 */
export function detectCompression(head: Uint8Array): Compression {
  if (
    head.length >= HEADER_BYTES &&
    maskCrc32c(crc32c(head.subarray(0, LENGTH_BYTES))) === readU32(head, LENGTH_BYTES)
  ) {
    return 'none';
  }
  if (looksLikeGzip(head)) return 'gzip';
  return looksLikeZlib(head) ? 'zlib' : 'none';
}

/** `error` with the place it lacks: failures of the bytes' source do not know which record was being read. */
export function placed(error: unknown, place: ErrorPlace): unknown {
  if (!isRecordpipeError(error) || error.record !== undefined || error.uri !== undefined) return error;
  return new RecordpipeError(error.code, error.message, place, error.cause);
}

async function detect(
  iterator: AsyncIterator<Uint8Array>,
  wanted: Compression | 'auto',
): Promise<{ compression: Compression; taken: Uint8Array[] }> {
  const taken: Uint8Array[] = [];
  if (wanted !== 'auto') return { compression: wanted, taken };
  let head: Uint8Array = new Uint8Array(0);
  while (head.length < HEADER_BYTES) {
    const { done, value } = await iterator.next();
    if (done) break;
    // A chunk that does not tell waits for the next ones, and its memory may be used again by then.
    taken.push(value.length < HEADER_BYTES ? value.slice() : value);
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
