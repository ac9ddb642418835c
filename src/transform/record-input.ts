import type { ByteSource } from '../bytes/sources.ts';
import { type ErrorCode, type ErrorPlace, isRecordpipeError, RecordpipeError } from '../errors.ts';
import type { RecordBatch } from '../formats/batch.ts';
import type { Compression } from '../formats/codec-options.ts';
import { MAX_RECORD_BYTES } from '../formats/codec-options.ts';
import type { RecordFilter } from '../messages/filter/record-filter.ts';
import { openRecords } from '../records/read-records.ts';
import type { Batches } from '../records/record-reader.ts';
import { addressOf } from '../storage/registry.ts';
import { base64Batches } from './base64-lines.ts';
import { type FileFormat, kindOfName } from './file-formats.ts';
import type { InputOptions, TransformOptions } from './transform-options.ts';

/** Options for opening a source. */
export interface InputOpening {
  readonly from: FileFormat | 'auto';
  readonly read: InputOptions;
  readonly signal: AbortSignal | undefined;
  readonly onCorrupt?: ((error: RecordpipeError) => void) | undefined;
  readonly chunkBytes?: number | undefined;
  /** Selects the records that `eachRecord` passes on. Default: all. */
  readonly filter?: RecordFilter | undefined;
}

/** An open source with its detected format. */
export interface RecordInput {
  readonly uri: string | undefined;
  readonly format: FileFormat;
  readonly compression: Compression;
  /** Total size, if it is known and the source is uncompressed. */
  readonly totalBytes: number | undefined;
  /** Batches of records. Each batch is valid until the next one is requested. */
  readonly batches: Batches;
  /** Selects the records that `eachRecord` passes on. Default: all. */
  readonly filter?: RecordFilter | undefined;
}

/**
 * Opens a source.
 * @throws RecordpipeError the same errors as `openRecords`
 */
export async function openInput(source: ByteSource, opening: InputOpening): Promise<RecordInput> {
  const input = await openRecordInput(source, opening);
  return { ...input, filter: opening.filter };
}

async function openRecordInput(source: ByteSource, opening: InputOpening): Promise<RecordInput> {
  const { from, read, signal, onCorrupt, chunkBytes } = opening;
  const uri = read.uri ?? nameOf(source);
  const reuse = { reuse: true, signal, onCorrupt, uri, ...(chunkBytes !== undefined && { chunkBytes }) };
  const format = from === 'auto' ? formatByName(uri) : from;
  if (format !== 'base64') {
    const opened = await openRecords(source, { ...read, ...reuse, format });
    return { ...opened, totalBytes: totalOf(opened) };
  }
  const { maxRecordBytes, recover } = read;
  const lines = await openRecords(source, {
    ...read,
    ...reuse,
    format: 'textline',
    maxRecordBytes: MAX_RECORD_BYTES,
    ...LINES,
  });
  const { compression } = lines;
  const place = { uri: lines.uri, compressed: compression !== 'none' };
  const decoding = { maxRecordBytes, onCorrupt: recover === 'scan' ? onCorrupt : undefined, place };
  return {
    uri: lines.uri,
    format,
    compression,
    totalBytes: totalOf(lines),
    batches: closing(base64Batches(lines.batches, decoding), lines.batches),
  };
}

/** Line options for base64, which override those for text lines. */
const LINES = {
  delimiter: '\n',
  cr: 'crlf',
  skipBlank: false,
  stripBom: true,
  encoding: 'bytes',
  fatal: false,
  compat: undefined,
} as const;

/**
 * Returns batches whose `return` method also closes the source, because a generator that was never
 * started does not close it.
 */
function closing(batches: Batches, lines: Batches): Batches {
  const end = batches.return.bind(batches);
  batches.return = async (value) => {
    const result = await end(value);
    await lines.return();
    return result;
  };
  return batches;
}

/** Selects base64 by name, because its content looks like any other lines of text. */
function formatByName(uri: string | undefined): 'base64' | 'auto' {
  return uri !== undefined && kindOfName(uri).format === 'base64' ? 'base64' : 'auto';
}

function totalOf({
  compression,
  size,
}: {
  compression: Compression;
  size: (() => number) | undefined;
}): number | undefined {
  return compression === 'none' ? size?.() : undefined;
}

/** Returns the name of a source for errors and reports; undefined if it has none. */
export function nameOf(source: ByteSource): string | undefined {
  if (source === '-' || source === process.stdin) return '<stdin>';
  if (typeof source === 'string') return source;
  return source instanceof URL ? addressOf(source) : undefined;
}

/** A source and its name in errors. */
export interface NamedSource {
  readonly source: ByteSource;
  readonly uri: string | undefined;
}

export function named(source: ByteSource): NamedSource {
  return { source, uri: nameOf(source) };
}

/**
 * Receives a record. If the function returns a promise, the bytes must not change until the promise
 * settles.
 */
export type Take = (payload: Uint8Array) => Promise<void> | undefined;

/** Called with each batch after its records have been processed. */
export type OnBatch = (batch: RecordBatch) => void;

/**
 * Passes every record that the filter selects to `take`, in order. Adds the location in the source to
 * errors for records that cannot be written.
 */
export async function eachRecord(input: RecordInput, take: Take, onBatch: OnBatch): Promise<void> {
  const { filter } = input;
  const place = { uri: input.uri, compressed: input.compression !== 'none' };
  for await (const batch of input.batches) {
    const { length } = batch;
    for (let i = 0; i < length; i++) {
      if (filter !== undefined && !filter.matchesIn(batch, i, place)) continue;
      try {
        const pending = take(batch.record(i));
        if (pending !== undefined) await pending;
      } catch (error) {
        throw placed(error, input, batch, i);
      }
    }
    onBatch(batch);
  }
}

/** Returns a callback that reports the progress of reading one source. */
export function progressOf(input: RecordInput, { onProgress }: TransformOptions): OnBatch {
  if (onProgress === undefined) return () => {};
  const { totalBytes } = input;
  return (batch) => {
    const records = batch.firstRecord + batch.length;
    onProgress({ records, bytes: endOf(batch), totalBytes });
  };
}

/** Returns the stream position after the last payload of a batch. */
export function endOf(batch: RecordBatch): number {
  const last = batch.length - 1;
  return batch.offset(last) + batch.index[2 * last + 1];
}

/** Closes a source. */
export async function closeInput(input: RecordInput | undefined): Promise<void> {
  await input?.batches.return();
}

/** Codes of errors that concern one record. */
const PLACED: readonly ErrorCode[] = [
  'unrepresentable',
  'record-too-large',
  'schema-mismatch',
  'malformed-example',
];

function placed(error: unknown, input: RecordInput, batch: RecordBatch, i: number): unknown {
  if (!isRecordpipeError(error, ...PLACED) || error.record !== undefined) return error;
  const place: ErrorPlace = {
    uri: input.uri,
    record: batch.firstRecord + i,
    offset: batch.offset(i),
    compressed: input.compression !== 'none',
  };
  return new RecordpipeError(error.code, error.message, place, error.cause);
}
