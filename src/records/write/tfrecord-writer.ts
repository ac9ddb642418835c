import { checkOptionNames } from '../../bytes/arguments.ts';
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
