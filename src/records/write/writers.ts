import { checkOptionNames } from '../../bytes/arguments.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { MAX_RECORD_BYTES } from '../../formats/read-options.ts';
import type { FormatName } from '../../formats/record-format.ts';
import { encodeOptions, type RecordIOEncodeOptions } from '../../formats/recordio/encode.ts';
import { RecordIOFramer } from '../../formats/recordio/framer.ts';
import { lineEnding, type TextLineEncodeOptions } from '../../formats/textline/encode.ts';
import { TextLineFramer } from '../../formats/textline/framer.ts';
import { scanRecordIO } from '../recordio.ts';
import { scanTextLines } from '../textline.ts';
import type { Appendable } from './prepare-output.ts';
import { openShards, type RecordShardWriter, type ShardOptions, shardNames } from './record-shards.ts';
import { openWriter, type RecordWriter, type WriteFormat } from './record-writer.ts';
import { type TFRecordWriteOptions, tfrecordWriting } from './tfrecord-writer.ts';
import { type RecordWriteOptions, writeOptions } from './write-options.ts';

/** How a RecordIO file is written. Every field has a default; pass what differs. */
export interface RecordIOWriteOptions extends RecordWriteOptions, RecordIOEncodeOptions {}

/** How shards of RecordIO are cut and written. */
export type RecordIOShardOptions = ShardOptions<RecordIOWriteOptions>;

/** RecordIO, as writers see it. */
export const recordIOWriting: WriteFormat<RecordIOWriteOptions> = {
  name: 'recordio',
  writeOptions: (given) => ({ ...writeOptions(given), ...encodeOptions(given) }),
  framer: (options) => new RecordIOFramer(options),
  checkAppendable: checkWhole,
};

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

/**
 * What an existing file holds, once it is known to end with a whole record and its padding: behind anything else nothing can be read. How parts are
 * joined does not matter here.
 */
async function checkWhole(path: string): Promise<Appendable> {
  const { compression, records, errors } = await scanRecordIO(path, {
    multipart: 'concat',
    maxErrors: 1,
    maxRecordBytes: MAX_RECORD_BYTES,
  });
  if (errors.length > 0) throw errors[0];
  return { compression, records };
}

/** How a text file is written. Every field has a default; pass what differs. */
export interface TextLineWriteOptions extends RecordWriteOptions, TextLineEncodeOptions {}

/** How shards of text are cut and written. */
export type TextLineShardOptions = ShardOptions<TextLineWriteOptions>;

/** Lines of text, as writers see them. */
export const textLineWriting: WriteFormat<TextLineWriteOptions> = {
  name: 'textline',
  writeOptions: (given) => ({ ...writeOptions(given), ...lineEnding(given) }),
  framer: (options) => new TextLineFramer(lineEnding(options)),
  checkAppendable: checkEnded,
};

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

/** What an existing file holds, once it is known that its last line has an end: without one, the first new line would become part of it. */
async function checkEnded(path: string, { delimiter }: TextLineWriteOptions): Promise<Appendable> {
  const { compression, records, errors, warnings } = await scanTextLines(path, {
    delimiter,
    cr: 'keep',
    maxErrors: 1,
    maxRecordBytes: MAX_RECORD_BYTES,
  });
  if (errors.length > 0) throw errors[0];
  if (warnings > 0) {
    throw new RecordpipeError(
      'unsupported-source',
      'the last line of the file has no delimiter behind it: the first new line would become part of it; add one, or write a new file',
      { uri: path },
    );
  }
  return { compression, records };
}

/** How records are written where the format is an option: the options of all formats, of which each takes its own and leaves the rest. */
export interface AnyRecordWriteOptions
  extends TFRecordWriteOptions,
    RecordIOWriteOptions,
    TextLineWriteOptions {}

/** How shards are cut and written where the format is an option. */
export type AnyRecordShardOptions = ShardOptions<AnyRecordWriteOptions>;

const FORMATS: Readonly<Record<string, unknown>> = {
  tfrecord: tfrecordWriting,
  recordio: recordIOWriting,
  textline: textLineWriting,
};

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
    throw new UsageError('openRecordWriter: expected options with a format: tfrecord, recordio or textline');
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
    throw new UsageError('openRecordShards: expected options with a format: tfrecord, recordio or textline');
  checkOptionNames('openRecordShards', options, allNames(shardNames));
  const { format, ...given } = options ?? ({} as typeof options);
  return openShards(writeFormat(format), prefix, given);
}

/** The names of the options of all formats. Each format takes its own. */
function allNames(namesOf: (format: WriteFormat<AnyRecordWriteOptions>) => object): object {
  const names: Record<string, unknown> = { format: true };
  for (const format of Object.values(FORMATS))
    Object.assign(names, namesOf(format as WriteFormat<AnyRecordWriteOptions>));
  return names;
}

/** The format of this name. @throws UsageError where there is none */
export function writeFormat(name: FormatName): WriteFormat<AnyRecordWriteOptions> {
  if (!Object.hasOwn(FORMATS, name))
    throw new UsageError(`format: expected one of ${Object.keys(FORMATS).join(', ')}, got ${String(name)}`);
  return FORMATS[name] as WriteFormat<AnyRecordWriteOptions>;
}
