import { checkOptionNames } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { recordIOFormat } from '../../formats/recordio/format.ts';
import type { RecordIOEncodeOptions } from '../../formats/recordio/options.ts';
import { formatNames, recordFormat } from '../../formats/registry.ts';
import { textLineFormat } from '../../formats/textline/format.ts';
import type { TextLineEncodeOptions } from '../../formats/textline/options.ts';
import { tfrecordFormat } from '../../formats/tfrecord/format.ts';
import { RecordShardWriter, type ShardOptions, shardNames } from './record-shards.ts';
import { openWriter, type RecordWriter, type WriteFormat, writingOf } from './record-writer.ts';
import type { RecordWriteOptions } from './write-options.ts';

/** How to write a TFRecord file. Every field has a default. */
export type TFRecordWriteOptions = RecordWriteOptions;

/** How to write a RecordIO file. Every field has a default. */
export interface RecordIOWriteOptions extends RecordWriteOptions, RecordIOEncodeOptions {}

/** How to write a text file. Every field has a default. */
export interface TextLineWriteOptions extends RecordWriteOptions, TextLineEncodeOptions {}

/**
 * How to write a file whose format is an option. Each format uses its own options and ignores the
 * others.
 */
export interface AnyRecordWriteOptions
  extends TFRecordWriteOptions,
    RecordIOWriteOptions,
    TextLineWriteOptions {}

/** How to write shards of TFRecords. */
export type TFRecordShardOptions = ShardOptions<TFRecordWriteOptions>;

/** How to write shards of RecordIO. */
export type RecordIOShardOptions = ShardOptions<RecordIOWriteOptions>;

/** How to write shards of text. */
export type TextLineShardOptions = ShardOptions<TextLineWriteOptions>;

/** How to write shards whose format is an option. */
export type AnyRecordShardOptions = ShardOptions<AnyRecordWriteOptions>;

const tfrecordWriting: WriteFormat<TFRecordWriteOptions> = writingOf(tfrecordFormat);
const recordIOWriting: WriteFormat<RecordIOWriteOptions> = writingOf(recordIOFormat);
const textLineWriting = writingOf(textLineFormat) as WriteFormat<TextLineWriteOptions>;

/**
 * Opens a TFRecord file for writing. By default, the file appears under its name, complete, when
 * the writer is closed.
 *
 * Call `close` when all records have been written. `await using` aborts a writer that is not
 * closed, so that a block that ends with an exception publishes nothing.
 *
 * @param path a path, an `s3://` address, or `-` for standard output, which receives the bytes
 *   immediately
 * @throws RecordpipeError `not-found`, `access-denied`, `already-exists`, `io-failure`; when
 *   appending, also `unsupported-source` if the compression of the file differs or does not support
 *   appending, and the errors of reading it if it does not end with a whole record
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { openTFRecordWriter } from 'recordpipe/records/write';
 * const writer = await openTFRecordWriter('numbers.tfrecord');
 * try {
 *   for (let i = 0; i < 10; i++) await writer.write(Uint8Array.of(i));
 *   await writer.close();
 * } finally {
 *   await writer.abort(); // does nothing after close()
 * }
 * ```
 */
export async function openTFRecordWriter(
  path: string | URL,
  options?: Partial<TFRecordWriteOptions>,
): Promise<RecordWriter> {
  return openChecked('openTFRecordWriter', tfrecordWriting, path, options);
}

/**
 * Opens a writer of shards `PREFIX-00000-of-00012SUFFIX`, …. Because the number of shards is known
 * only at the end, all of them appear under their names when the writer is closed.
 *
 * @param prefix folder and start of the names
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { openTFRecordShards } from 'recordpipe/records/write';
 * const writer = openTFRecordShards('train', { maxShardBytes: 100, suffix: '.tfrecord' });
 * for (let i = 0; i < 10; i++) await writer.write(new Uint8Array(20));
 * const files = await writer.close();
 * console.log(files.length, files[0].path); // 5 train-00000-of-00005.tfrecord
 * ```
 */
export function openTFRecordShards(
  prefix: string,
  options?: Partial<TFRecordShardOptions>,
): RecordShardWriter {
  return openShards('openTFRecordShards', tfrecordWriting, prefix, options);
}

/**
 * Opens a RecordIO file for writing, in the same way as {@link openTFRecordWriter}.
 *
 * @param path a path, an `s3://` address, or `-` for standard output, which receives the bytes
 *   immediately
 * @throws RecordpipeError the same errors as `openTFRecordWriter`; `write` also throws
 *   `record-too-large`
 * @throws UsageError for an invalid option value, and for conflicting options
 * @example
 * ```ts
 * import { openRecordIOWriter } from 'recordpipe/records/write';
 * const writer = await openRecordIOWriter('numbers.rec');
 * for (let i = 0; i < 10; i++) await writer.write(Uint8Array.of(i));
 * await writer.close();
 * ```
 */
export async function openRecordIOWriter(
  path: string | URL,
  options?: Partial<RecordIOWriteOptions>,
): Promise<RecordWriter> {
  return openChecked('openRecordIOWriter', recordIOWriting, path, options);
}

/**
 * Opens a writer of RecordIO shards, in the same way as {@link openTFRecordShards}.
 *
 * @param prefix folder and start of the names
 * @throws UsageError for an invalid option value, and for conflicting options
 * @example
 * ```ts
 * import { openRecordIOShards } from 'recordpipe/records/write';
 * const writer = openRecordIOShards('train', { maxShardBytes: 100, suffix: '.rec' });
 * for (let i = 0; i < 10; i++) await writer.write(new Uint8Array(40));
 * console.log((await writer.close())[0].path); // train-00000-of-00005.rec
 * ```
 */
export function openRecordIOShards(
  prefix: string,
  options?: Partial<RecordIOShardOptions>,
): RecordShardWriter {
  return openShards('openRecordIOShards', recordIOWriting, prefix, options);
}

/**
 * Opens a text file for writing, one line per record, in the same way as {@link
 * openTFRecordWriter}.
 *
 * @param path a path, an `s3://` address, or `-` for standard output, which receives the bytes
 *   immediately
 * @throws RecordpipeError the same errors as `openTFRecordWriter`; `write` also throws
 *   `unrepresentable` for a payload that a reader would not read back unchanged (see
 *   `encodeTextLine`)
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { openTextLineWriter } from 'recordpipe/records/write';
 * const writer = await openTextLineWriter('words.txt');
 * for (const word of ['one', 'two']) await writer.write(new TextEncoder().encode(word));
 * await writer.close();
 * ```
 */
export async function openTextLineWriter(
  path: string | URL,
  options?: Partial<TextLineWriteOptions>,
): Promise<RecordWriter> {
  return openChecked('openTextLineWriter', textLineWriting, path, options);
}

/**
 * Opens a writer of text shards, in the same way as {@link openTFRecordShards}.
 *
 * @param prefix folder and start of the names
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { openTextLineShards } from 'recordpipe/records/write';
 * const writer = openTextLineShards('words', { maxShardBytes: 8, suffix: '.txt' });
 * for (const word of ['one', 'two', 'six']) await writer.write(new TextEncoder().encode(word));
 * console.log((await writer.close()).length); // 2
 * ```
 */
export function openTextLineShards(
  prefix: string,
  options?: Partial<TextLineShardOptions>,
): RecordShardWriter {
  return openShards('openTextLineShards', textLineWriting, prefix, options);
}

/**
 * Opens a file of the named format for writing, like {@link openTFRecordWriter} and the functions
 * for other formats.
 *
 * @param options `format`, which has no default, and options that differ from the defaults
 * @throws the same errors as the writer of the format
 * @throws UsageError for an unknown format or an invalid option value
 * @example
 * ```ts
 * import { openRecordWriter } from 'recordpipe/records/write';
 * const writer = await openRecordWriter('numbers.tfrecord', { format: 'tfrecord' });
 * await writer.write(Uint8Array.of(7));
 * await writer.close();
 * ```
 */
export async function openRecordWriter(
  path: string | URL,
  options: { readonly format: FormatName } & Partial<AnyRecordWriteOptions>,
): Promise<RecordWriter> {
  checkAnyOptions('openRecordWriter', options, (format) => format.writeOptions(undefined));
  const { format, ...given } = options;
  return openWriter(writeFormat(format), path, given);
}

/**
 * Opens a writer of shards of the named format, like {@link openTFRecordShards} and the functions
 * for other formats.
 *
 * @param prefix folder and beginning of the names
 * @param options `format`, which has no default, and options that differ from the defaults
 * @throws UsageError for an unknown format or an invalid option value
 * @example
 * ```ts
 * import { openRecordShards } from 'recordpipe/records/write';
 * const writer = openRecordShards('train', { format: 'tfrecord', suffix: '.tfrecord' });
 * await writer.write(new Uint8Array(20));
 * console.log((await writer.close())[0].path); // train-00000-of-00001.tfrecord
 * ```
 */
export function openRecordShards(
  prefix: string,
  options: { readonly format: FormatName } & Partial<AnyRecordShardOptions>,
): RecordShardWriter {
  checkAnyOptions('openRecordShards', options, shardNames);
  const { format, ...given } = options;
  return new RecordShardWriter(writeFormat(format) as unknown as WriteFormat, prefix, given);
}

/** Returns the format of this name. @throws UsageError for an unknown name */
export function writeFormat(name: FormatName): WriteFormat<AnyRecordWriteOptions> {
  return writingOf(recordFormat(name, [])) as unknown as WriteFormat<AnyRecordWriteOptions>;
}

async function openChecked<O extends RecordWriteOptions>(
  caller: string,
  format: WriteFormat<O>,
  path: string | URL,
  options: Partial<O> | undefined,
): Promise<RecordWriter> {
  checkOptionNames(caller, options, format.writeOptions(undefined));
  return openWriter(format, path, options);
}

function openShards<O extends RecordWriteOptions>(
  caller: string,
  format: WriteFormat<O>,
  prefix: string,
  options: Partial<ShardOptions<O>> | undefined,
): RecordShardWriter {
  checkOptionNames(caller, options, shardNames(format));
  return new RecordShardWriter(
    format as unknown as WriteFormat,
    prefix,
    options as Partial<ShardOptions<RecordWriteOptions>> | undefined,
  );
}

/** Checks that options exist and that at least one format has each of their names. */
function checkAnyOptions(
  caller: string,
  options: object | undefined,
  namesOf: (format: WriteFormat<AnyRecordWriteOptions>) => object,
): void {
  if (options === undefined)
    throw new UsageError(`${caller}: expected options with a format: ${formatNames().join(', ')}`);
  const known = { format: true };
  for (const name of formatNames()) Object.assign(known, namesOf(writeFormat(name)));
  checkOptionNames(caller, options, known);
}
