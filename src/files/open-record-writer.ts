import { checkOptionNames } from '../bytes/option-names.ts';
import { UsageError } from '../errors.ts';
import type { FormatName } from '../records/record-format.ts';
import { openShards, type RecordShardWriter, type ShardOptions, shardNames } from './record-shards.ts';
import { openWriter, type RecordWriter, type WriteFormat } from './record-writer.ts';
import { type RecordIOWriteOptions, recordIOWriting } from './recordio-writer.ts';
import { type TextLineWriteOptions, textLineWriting } from './textline-writer.ts';
import { type TFRecordWriteOptions, tfrecordWriting } from './tfrecord-writer.ts';

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
 * import { openRecordWriter } from 'recordpipe/files';
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
 * import { openRecordShards } from 'recordpipe/files';
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
