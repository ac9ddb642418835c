import { checkOptionNames } from '../bytes/option-names.ts';
import { encodeOptions, type RecordIOEncodeOptions } from '../framing/recordio-write.ts';
import { MAX_RECORD_BYTES } from '../records/read-options.ts';
import { scanRecordIO } from '../records/recordio/scan-recordio.ts';
import { openShards, type RecordShardWriter, type ShardOptions, shardNames } from './record-shards.ts';
import { openWriter, type RecordWriter, type WriteFormat } from './record-writer.ts';
import { RecordIOFramer } from './recordio-framer.ts';
import type { Appendable } from './target.ts';
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
 * import { openRecordIOWriter } from 'recordpipe/files';
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
 * import { openRecordIOShards } from 'recordpipe/files';
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
