import type { Duplex, Transform } from 'node:stream';
import { encodeRecordIO, type RecordIOEncodeOptions } from '../framing/recordio-encode.ts';
import { readRecordIO } from '../records/recordio/read-recordio.ts';
import type { RecordIOReadOptions } from '../records/recordio/recordio-options.ts';
import { nodeDecoder, nodeEncoder } from './record-node-streams.ts';

/**
 * A Node stream from the bytes of a RecordIO file to its records: each chunk read from it is one record, a view (of its own where it has several parts).
 *
 * @throws as `readRecordIO`, as the stream's `error`
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { encodeRecordIO } from 'recordpipe';
 * import { createRecordIODecoder } from 'recordpipe/files';
 * const file = Readable.from([encodeRecordIO(Uint8Array.of(7))]);
 * for await (const record of file.pipe(createRecordIODecoder())) console.log(record); // Uint8Array(1) [ 7 ]
 * ```
 */
export function createRecordIODecoder(options?: Partial<Omit<RecordIOReadOptions, 'reuse'>>): Duplex {
  return nodeDecoder((bytes) => readRecordIO(bytes, { ...options, reuse: false }));
}

/**
 * A Node stream from records to the bytes of a RecordIO file: each chunk written to it is one record.
 *
 * @throws as `encodeRecordIO`, as the stream's `error`
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { createRecordIOEncoder } from 'recordpipe/files';
 * const records = Readable.from([Uint8Array.of(1), Uint8Array.of(2, 3)]);
 * let bytes = 0;
 * for await (const chunk of records.pipe(createRecordIOEncoder())) bytes += chunk.length;
 * console.log(bytes); // 24
 * ```
 */
export function createRecordIOEncoder(options?: Partial<RecordIOEncodeOptions>): Transform {
  return nodeEncoder('createRecordIOEncoder', (record) => encodeRecordIO(record, options));
}
