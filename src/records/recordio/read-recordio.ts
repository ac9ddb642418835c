import { checkOptionNames } from '../../bytes/option-names.ts';
import type { ByteSource } from '../../bytes/sources.ts';
import { type Batches, RecordReader, readBatches } from '../record-reader.ts';
import { recordIOFormat } from './recordio-format.ts';
import { DEFAULT_RECORDIO_READ_OPTIONS, type RecordIOReadOptions } from './recordio-options.ts';

/**
 * The records of a RecordIO file or stream (dmlc, MXNet, SageMaker), one by one, as views (`Uint8Array`) of the payload bytes; records of several
 * parts are joined in memory of their own. The source is closed when the loop ends, however it ends.
 *
 * RecordIO has no checksums: a changed payload byte is not noticed, a changed header nearly always is, at the latest by the record behind it.
 *
 * A record stays valid as long as it is kept (it keeps its chunk of `chunkBytes` alive), unless `reuse` is set.
 *
 * @param source a path, `file:` URL, descriptor or `-` (Node), bytes, Blob, Response, web or Node stream, or any (async) iterable of chunks
 * @param options see {@link RecordIOReadOptions}; default: parts joined as dmlc does, strict order of parts, compression found by content
 * @throws RecordpipeError while iterating, after all records before the place: `bad-magic`, `unexpected-part`, `ambiguous-multipart`,
 * `truncated-header`, `truncated-record`, `record-too-large`, `missing-padding` (`strictPadding`), `truncated-compressed-stream`,
 * `corrupt-compressed-stream`, `trailing-garbage`, `not-found`, `access-denied`, `io-failure`, `unsupported-source`, `aborted`
 * @throws UsageError for an unknown option value
 * @example
 * ```ts
 * import { encodeRecordIO, readRecordIO } from 'recordpipe';
 * const file = new Blob([encodeRecordIO(new TextEncoder().encode('hello'))]);
 * for await (const record of readRecordIO(file)) console.log(new TextDecoder().decode(record)); // hello
 * ```
 */
export function readRecordIO(source: ByteSource, options?: Partial<RecordIOReadOptions>): RecordReader {
  checkOptionNames('readRecordIO', options, DEFAULT_RECORDIO_READ_OPTIONS);
  return new RecordReader((stats) => readBatches(recordIOFormat, source, options, stats));
}

/**
 * The same records, in batches of up to about 1 MiB: for those who count in millions per second. A record of several parts is a batch of one.
 *
 * @throws as {@link readRecordIO}
 * @example
 * ```ts
 * import { encodeRecordIO, readRecordIOBatches } from 'recordpipe';
 * let records = 0;
 * for await (const batch of readRecordIOBatches([encodeRecordIO(new Uint8Array(10))])) records += batch.length;
 * console.log(records); // 1
 * ```
 */
export function readRecordIOBatches(source: ByteSource, options?: Partial<RecordIOReadOptions>): Batches {
  checkOptionNames('readRecordIOBatches', options, DEFAULT_RECORDIO_READ_OPTIONS);
  return readBatches(recordIOFormat, source, options);
}
