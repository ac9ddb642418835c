import { encodeTFRecord } from '../../framing/tfrecord-encode.ts';
import { type DecoderStream, decoderStream, encoderStream } from '../record-streams.ts';
import { readTFRecords } from './read-tfrecords.ts';
import type { TFRecordReadOptions } from './tfrecord-options.ts';

/**
 * A pair of web streams, for `pipeThrough`: the bytes of a TFRecord file go in, its records come out, each a view.
 *
 * @throws as `readTFRecords`, as the error of the readable side
 * @example
 * ```ts
 * import { encodeTFRecord, tfrecordDecoderStream } from 'recordpipe';
 * const file = new Blob([encodeTFRecord(Uint8Array.of(7))]).stream();
 * const reader = file.pipeThrough(tfrecordDecoderStream()).getReader();
 * console.log((await reader.read()).value); // Uint8Array(1) [ 7 ]
 * ```
 */
export function tfrecordDecoderStream(options?: Partial<Omit<TFRecordReadOptions, 'reuse'>>): DecoderStream {
  return decoderStream((bytes) => readTFRecords(bytes, { ...options, reuse: false }));
}

/**
 * A web stream from records to the bytes of a TFRecord file.
 *
 * @example
 * ```ts
 * import { tfrecordEncoderStream } from 'recordpipe';
 * const { readable, writable } = tfrecordEncoderStream();
 * const writer = writable.getWriter();
 * void writer.write(Uint8Array.of(1));
 * console.log((await readable.getReader().read()).value?.length); // 17
 * ```
 */
export function tfrecordEncoderStream(): TransformStream<Uint8Array, Uint8Array> {
  return encoderStream('tfrecordEncoderStream', encodeTFRecord);
}
