import type { Duplex, Transform } from 'node:stream';
import { encodeTFRecord } from '../framing/tfrecord-encode.ts';
import { readTFRecords } from '../records/tfrecord/read-tfrecords.ts';
import type { TFRecordReadOptions } from '../records/tfrecord/tfrecord-options.ts';
import { nodeDecoder, nodeEncoder } from './record-node-streams.ts';

/**
 * A Node stream from the bytes of a TFRecord file to its records: each chunk read from it is one record, a view.
 *
 * @throws as `readTFRecords`, as the stream's `error`
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { encodeTFRecord } from 'recordpipe';
 * import { createTFRecordDecoder } from 'recordpipe/files';
 * const file = Readable.from([encodeTFRecord(Uint8Array.of(7))]);
 * for await (const record of file.pipe(createTFRecordDecoder())) console.log(record); // Uint8Array(1) [ 7 ]
 * ```
 */
export function createTFRecordDecoder(options?: Partial<Omit<TFRecordReadOptions, 'reuse'>>): Duplex {
  return nodeDecoder((bytes) => readTFRecords(bytes, { ...options, reuse: false }));
}

/**
 * A Node stream from records to the bytes of a TFRecord file: each chunk written to it is one record.
 *
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { createTFRecordEncoder } from 'recordpipe/files';
 * const records = Readable.from([Uint8Array.of(1), Uint8Array.of(2, 3)]);
 * let bytes = 0;
 * for await (const chunk of records.pipe(createTFRecordEncoder())) bytes += chunk.length;
 * console.log(bytes); // 35
 * ```
 */
export function createTFRecordEncoder(): Transform {
  return nodeEncoder('createTFRecordEncoder', encodeTFRecord);
}
