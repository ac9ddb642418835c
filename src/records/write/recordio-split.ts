import { looksLikeGzip } from '../../bytes/sniff.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { newReadStats, type ReadStats } from '../../formats/corruption.ts';
import { RecordIODecoder, recordIOCodec } from '../../formats/recordio/decoder.ts';
import { PART_HEADER_BYTES } from '../../formats/recordio/layout.ts';
import type { RecordIOOptions } from '../../formats/recordio/options.ts';
import { findRecordHead } from '../../formats/recordio/parts.ts';
import type { Access, StoredFile } from '../../storage/storage.ts';
import { openStoredFile } from '../../storage/stored-file.ts';
import { openStored } from '../../storage/stored-source.ts';
import { readOptions } from '../read-options.ts';
import { type Batches, RecordReader, readBatches } from '../record-reader.ts';
import type { RecordIOReadOptions } from '../recordio.ts';

/** Alignment of records, which start at multiples of four. */
const ALIGNMENT = 4;
const SEARCH_BYTES = 64 * 1024;

/** Selects one split of a file by its number. */
export interface RecordIOSplit {
  /** Number of the split, from 0 to `splits - 1`. */
  readonly split: number;
  /** Total number of splits. */
  readonly splits: number;
}

/** How to read a split of a file. */
export type RecordIOSplitOptions = RecordIOSplit &
  Partial<Omit<RecordIOReadOptions, 'compression' | 'reuse'>>;

/** A range of bytes of a file, from `start` up to, but not including, `end`. */
export interface ByteRange {
  /** Zero-based offset of the first byte. */
  readonly start: number;
  /** Offset after the last byte. */
  readonly end: number;
}

/**
 * Locates split `split` of `splits` of an uncompressed RecordIO file by dmlc's rule, so that
 * recordpipe and dmlc read the same splits. The rule divides the file into equal ranges of bytes
 * and moves each boundary to the next header that starts a record. The splits cover the file, do
 * not overlap, and may be empty.
 *
 * The rule assumes that no payload contains the magic number at a multiple of four. In a file
 * written without escapes, a split may start within a record.
 *
 * @throws UsageError unless both are integers with 0 <= split < splits
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`; `unsupported-source` for a
 *   gzip file; `missing-padding` for a file whose size is not a multiple of 4
 * @example
 * ```ts
 * import { openRecordIOWriter, recordIOSplitRange } from 'recordpipe/records/write';
 * const writer = await openRecordIOWriter('train.rec');
 * for (let i = 0; i < 10; i++) await writer.write(new Uint8Array(20));
 * await writer.close();
 * console.log(await recordIOSplitRange('train.rec', { split: 1, splits: 3 })); // { start: 112, end: 196 }
 * ```
 */
export async function recordIOSplitRange(path: string | URL, split: RecordIOSplit): Promise<ByteRange> {
  checkSplit(split);
  return splitRange(path, split, {});
}

/**
 * Reads the records of one split of a RecordIO file, like `readRecordIO` for a whole file. Offsets
 * are positions in the file; records are counted from the start of the split.
 *
 * @throws the same errors as {@link recordIOSplitRange} and `readRecordIO`, while iterating;
 *   UsageError immediately
 * @example
 * ```ts
 * import { openRecordIOWriter, readRecordIOSplit } from 'recordpipe/records/write';
 * const writer = await openRecordIOWriter('train.rec');
 * for (let i = 0; i < 10; i++) await writer.write(Uint8Array.of(i));
 * await writer.close();
 * const found: number[] = [];
 * for await (const [first] of readRecordIOSplit('train.rec', { split: 2, splits: 3 })) found.push(first);
 * console.log(found); // [ 7, 8, 9 ]
 * ```
 */
export function readRecordIOSplit(path: string | URL, options: RecordIOSplitOptions): RecordReader {
  return new RecordReader((stats) => splitBatches(path, options, stats));
}

/**
 * Like {@link readRecordIOSplit}, but returns batches.
 *
 * @throws the same errors as {@link readRecordIOSplit}
 * @example
 * ```ts
 * import { openRecordIOWriter, readRecordIOSplitBatches } from 'recordpipe/records/write';
 * const writer = await openRecordIOWriter('train.rec');
 * for (let i = 0; i < 10; i++) await writer.write(Uint8Array.of(i));
 * await writer.close();
 * for await (const batch of readRecordIOSplitBatches('train.rec', { split: 2, splits: 3 })) console.log(batch.length); // 3
 * ```
 */
export function readRecordIOSplitBatches(path: string | URL, options: RecordIOSplitOptions): Batches {
  return splitBatches(path, options, newReadStats());
}

function splitBatches(path: string | URL, given: RecordIOSplitOptions, stats: ReadStats): Batches {
  const { split, splits, ...reading } = given;
  checkSplit({ split, splits });
  return batches(path, { split, splits }, readOptions(recordIOCodec, reading), stats);
}

async function* batches(
  path: string | URL,
  split: RecordIOSplit,
  options: RecordIOReadOptions,
  stats: ReadStats,
): Batches {
  const { uri = String(path), chunkBytes, blocking, objects } = options;
  const { start, end } = await splitRange(path, split, options);
  if (start === end) return;
  const { chunks } = openStored(path, { chunkBytes, blocking, start }, { objects });
  const codec = {
    ...recordIOCodec,
    decoder: (complete: RecordIOOptions) =>
      new RecordIODecoder(complete, { uri, size: () => end, start: { offset: start } }, stats),
  };
  try {
    // Do not reuse buffers, because reading ahead may cross the end of the split.
    const complete: RecordIOReadOptions = { ...options, uri, compression: 'none', reuse: false };
    yield* readBatches(codec, upTo(chunks, end - start), complete, stats);
  } finally {
    await chunks[Symbol.asyncIterator]().return?.();
  }
}

async function* upTo(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Uint8Array> {
  let left = bytes;
  if (left === 0) return;
  for await (const chunk of chunks) {
    yield chunk.length > left ? chunk.subarray(0, left) : chunk;
    left -= chunk.length;
    if (left <= 0) return;
  }
}

async function splitRange(path: string | URL, split: RecordIOSplit, access: Access): Promise<ByteRange> {
  const file = await openStoredFile(path, access);
  try {
    return await rangeOf(file, split);
  } finally {
    await file.close();
  }
}

/**
 * Returns the range of a split by the rule of `ResetPartition` in dmlc-core's input split and of
 * its `SeekRecordBegin` for RecordIO.
 */
async function rangeOf(file: StoredFile, { split, splits }: RecordIOSplit): Promise<ByteRange> {
  const { size, path: uri } = file;
  const head = new Uint8Array(Math.min(4, size));
  await file.read(head, 0, head.length, 0);
  if (looksLikeGzip(head))
    throw new RecordpipeError(
      'unsupported-source',
      'a gzip stream cannot be read in splits; decompress the file first',
      { uri },
    );
  if (size % ALIGNMENT !== 0) throw unaligned(size, uri);
  const step = Math.ceil(size / splits / ALIGNMENT) * ALIGNMENT;
  const start = Math.min(step * split, size);
  const end = Math.min(step * (split + 1), size);
  if (start === end) return { start, end };
  return {
    start: start === 0 ? 0 : await nextHead(file, start),
    end: await nextHead(file, end),
  };
}

/**
 * Returns the position of the first header at or after `from` that starts a record, or the end of
 * the file.
 */
async function nextHead(file: StoredFile, from: number): Promise<number> {
  const { size } = file;
  const buffer = new Uint8Array(SEARCH_BYTES);
  for (let at = from; at < size; at += SEARCH_BYTES - PART_HEADER_BYTES) {
    const length = Math.min(SEARCH_BYTES, size - at);
    await file.read(buffer, 0, length, at);
    const head = findRecordHead(buffer, 0, length);
    if (head >= 0) return at + head;
  }
  return size;
}

function unaligned(size: number, uri: string): RecordpipeError {
  const text = `recordio: the file has ${size} bytes, which is not a multiple of ${ALIGNMENT}: its end or the padding of its last record is missing; only a complete file can be read in splits, so regenerate or repair it (recordpipe repair)`;
  return new RecordpipeError('missing-padding', text, { uri });
}

function checkSplit({ split, splits }: RecordIOSplit): void {
  if (!Number.isSafeInteger(splits) || splits < 1)
    throw new UsageError(`splits: expected an integer >= 1, got ${splits}`);
  if (!Number.isSafeInteger(split) || split < 0 || split >= splits)
    throw new UsageError(`split: expected an integer from 0 to ${splits - 1}, got ${split}`);
}
