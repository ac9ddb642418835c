import { checkOptionNames } from '../../bytes/option-names.ts';
import type { ByteSource } from '../../bytes/sources.ts';
import { type Batches, RecordReader, readBatches } from '../record-reader.ts';
import { tfrecordFormat } from './tfrecord-format.ts';
import { DEFAULT_TFRECORD_READ_OPTIONS, type TFRecordReadOptions } from './tfrecord-options.ts';

/**
 * The records of a TFRecord file or stream, one by one, as views (`Uint8Array`) of the payload bytes. Both checksums of every
 * record are verified before it is handed out; the source is closed when the loop ends, however it ends.
 *
 * A record stays valid as long as it is kept (it keeps its chunk of `chunkBytes` alive), unless `reuse` is set.
 *
 * @param source a path, `file:` URL, descriptor or `-` (Node), bytes, Blob, Response, web or Node stream, or any (async) iterable of chunks
 * @param options see {@link TFRecordReadOptions}; default: everything verified, compression found by content
 * @throws RecordpipeError while iterating, after all good records before the place: `length-checksum`, `data-checksum`, `truncated-header`,
 * `truncated-record`, `record-too-large`, `truncated-compressed-stream`, `corrupt-compressed-stream`, `trailing-garbage`, `not-found`,
 * `access-denied`, `io-failure`, `unsupported-source`, `aborted`
 * @throws UsageError for an unknown option value
 * @example
 * ```ts
 * import { encodeTFRecord, readTFRecords } from 'recordpipe';
 * const file = new Blob([encodeTFRecord(new TextEncoder().encode('hello'))]);
 * for await (const record of readTFRecords(file)) console.log(new TextDecoder().decode(record)); // hello
 * ```
 */
export function readTFRecords(source: ByteSource, options?: Partial<TFRecordReadOptions>): RecordReader {
  checkOptionNames('readTFRecords', options, DEFAULT_TFRECORD_READ_OPTIONS);
  return new RecordReader((stats) => readBatches(tfrecordFormat, source, options, stats));
}

/**
 * The same records, in batches of up to about 1 MiB: for those who count in millions per second.
 *
 * @throws as {@link readTFRecords}
 * @example
 * ```ts
 * import { encodeTFRecord, readTFRecordBatches } from 'recordpipe';
 * let records = 0;
 * for await (const batch of readTFRecordBatches([encodeTFRecord(new Uint8Array(10))])) records += batch.length;
 * console.log(records); // 1
 * ```
 */
export function readTFRecordBatches(source: ByteSource, options?: Partial<TFRecordReadOptions>): Batches {
  checkOptionNames('readTFRecordBatches', options, DEFAULT_TFRECORD_READ_OPTIONS);
  return readBatches(tfrecordFormat, source, options);
}
