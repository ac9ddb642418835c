import { checkOptionNames } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { recordIOFormat } from '../../formats/recordio/format.ts';
import type { RecordIOEncodeOptions } from '../../formats/recordio/options.ts';
import { formatNames, recordFormat } from '../../formats/registry.ts';
import { textLineFormat } from '../../formats/textline/format.ts';
import type { TextLineEncodeOptions } from '../../formats/textline/options.ts';
import { tfrecordFormat } from '../../formats/tfrecord/format.ts';
import { openShards, type RecordShardWriter, type ShardOptions, shardNames } from './record-shards.ts';
import { openWriter, type RecordWriter, type WriteFormat, writingOf } from './record-writer.ts';
import type { RecordWriteOptions } from './write-options.ts';

/** How a TFRecord file is written. Every field has a default; pass what differs. */
export type TFRecordWriteOptions = RecordWriteOptions;

/** How shards of TFRecords are cut and written. */
export type TFRecordShardOptions = ShardOptions<TFRecordWriteOptions>;

const tfrecordWriting: WriteFormat<TFRecordWriteOptions> = writingOf(tfrecordFormat);

/**
 * Opens a TFRecord file for writing; by default it appears under its name, whole, when the writer is closed.
 *
 * Call `close` when all records are written. `await using` aborts a writer that was not closed, so that a block left by an exception
 * publishes nothing.
 *
 * @param path where to; `-` is standard output, which gets the bytes as they come
 * @throws RecordpipeError `not-found`, `access-denied`, `already-exists`, `io-failure`; appending: `unsupported-source` where the file's compression differs or cannot be
 * appended to, and what reading it finds where it does not end with a whole record
 * @throws UsageError for an option value that no option has
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
  checkOptionNames('openTFRecordWriter', options, tfrecordWriting.writeOptions(undefined));
  return openWriter(tfrecordWriting, path, options);
}

/**
 * Opens a writer of shards `PREFIX-00000-of-00012SUFFIX`, …: how many there are is known only at the end, so all get their names
 * when the writer is closed, and until then none is to be seen.
 *
 * @param prefix path and beginning of the name
 * @throws UsageError for an option value that no option has
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
  options: Partial<TFRecordShardOptions> = {},
): RecordShardWriter {
  checkOptionNames('openTFRecordShards', options, shardNames(tfrecordWriting));
  return openShards(tfrecordWriting, prefix, options);
}

/** How a RecordIO file is written. Every field has a default; pass what differs. */
export interface RecordIOWriteOptions extends RecordWriteOptions, RecordIOEncodeOptions {}

/** How shards of RecordIO are cut and written. */
export type RecordIOShardOptions = ShardOptions<RecordIOWriteOptions>;

const recordIOWriting: WriteFormat<RecordIOWriteOptions> = writingOf(recordIOFormat);

/**
 * Opens a RecordIO file for writing; by default it appears under its name, whole, when the writer is closed. The same contract as `openTFRecordWriter`.
 *
 * @param path where to; `-` is standard output, which gets the bytes as they come
 * @throws RecordpipeError as `openTFRecordWriter`; `write` also `record-too-large`
 * @throws UsageError for an option value that no option has, and for options that exclude each other
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
  checkOptionNames('openRecordIOWriter', options, recordIOWriting.writeOptions(undefined));
  return openWriter(recordIOWriting, path, options);
}

/**
 * Opens a writer of shards of RecordIO, `PREFIX-00000-of-00012SUFFIX` and so on. The same contract as `openTFRecordShards`.
 *
 * @param prefix path and beginning of the name
 * @throws UsageError for an option value that no option has, and for options that exclude each other
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
  options: Partial<RecordIOShardOptions> = {},
): RecordShardWriter {
  checkOptionNames('openRecordIOShards', options, shardNames(recordIOWriting));
  return openShards(recordIOWriting, prefix, options);
}

/** How a text file is written. Every field has a default; pass what differs. */
export interface TextLineWriteOptions extends RecordWriteOptions, TextLineEncodeOptions {}

/** How shards of text are cut and written. */
export type TextLineShardOptions = ShardOptions<TextLineWriteOptions>;

const textLineWriting = writingOf(textLineFormat) as WriteFormat<TextLineWriteOptions>;

/**
 * Opens a text file for writing, a line for each record; by default it appears under its name, whole, when the writer is closed. The same contract as
 * `openTFRecordWriter`.
 *
 * @param path where to; `-` is standard output, which gets the bytes as they come
 * @throws RecordpipeError as `openTFRecordWriter`; `write` also `unrepresentable` for a payload that would not be read back as it is (see `encodeTextLine`)
 * @throws UsageError for an option value that no option has
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
  checkOptionNames('openTextLineWriter', options, textLineWriting.writeOptions(undefined));
  return openWriter(textLineWriting, path, options);
}

/**
 * Opens a writer of shards of text, `PREFIX-00000-of-00012SUFFIX` and so on. The same contract as `openTFRecordShards`.
 *
 * @param prefix path and beginning of the name
 * @throws UsageError for an option value that no option has
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
  options: Partial<TextLineShardOptions> = {},
): RecordShardWriter {
  checkOptionNames('openTextLineShards', options, shardNames(textLineWriting));
  return openShards(textLineWriting, prefix, options);
}

/** How records are written where the format is an option: the options of all formats, of which each takes its own and leaves the rest. */
export interface AnyRecordWriteOptions
  extends TFRecordWriteOptions,
    RecordIOWriteOptions,
    TextLineWriteOptions {}

/** How shards are cut and written where the format is an option. */
export type AnyRecordShardOptions = ShardOptions<AnyRecordWriteOptions>;

/**
 * Opens a file of the named format for writing, as `openTFRecordWriter` and its like do.
 *
 * @param options `format`, which has no default, and what differs from the format's defaults
 * @throws as the writer of the format
 * @throws UsageError for an unknown format or option value
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
  if (options === undefined)
    throw new UsageError(`openRecordWriter: expected options with a format: ${formatNames().join(', ')}`);
  checkOptionNames(
    'openRecordWriter',
    options,
    allNames((format) => format.writeOptions(undefined)),
  );
  const { format, ...given } = options ?? ({} as typeof options);
  return openWriter(writeFormat(format), path, given);
}

/**
 * Opens a writer of shards of the named format, as `openTFRecordShards` and its like do.
 *
 * @param prefix path and beginning of the name
 * @param options `format`, which has no default, and what differs from the format's defaults
 * @throws UsageError for an unknown format or option value
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
  if (options === undefined)
    throw new UsageError(`openRecordShards: expected options with a format: ${formatNames().join(', ')}`);
  checkOptionNames('openRecordShards', options, allNames(shardNames));
  const { format, ...given } = options ?? ({} as typeof options);
  return openShards(writeFormat(format), prefix, given);
}

/** The names of the options of all formats. Each format uses its own. */
function allNames(namesOf: (format: WriteFormat<AnyRecordWriteOptions>) => object): object {
  return Object.assign({ format: true }, ...formatNames().map((name) => namesOf(writeFormat(name))));
}

/** The format of this name. @throws UsageError for an unknown name */
export function writeFormat(name: FormatName): WriteFormat<AnyRecordWriteOptions> {
  return writingOf(recordFormat(name, [])) as unknown as WriteFormat<AnyRecordWriteOptions>;
}
