import { encodeRecordIO, type RecordIOEncodeOptions } from '../../framing/recordio-encode.ts';
import { type DecoderStream, decoderStream, encoderStream } from '../record-streams.ts';
import { readRecordIO } from './read-recordio.ts';
import type { RecordIOReadOptions } from './recordio-options.ts';

/**
 * A pair of web streams, for `pipeThrough`: the bytes of a RecordIO file go in, its records come out, each a view (of its own where it has
 * several parts).
 *
 * @throws as `readRecordIO`, as the error of the readable side
 * @example
 * ```ts
 * import { encodeRecordIO, recordIODecoderStream } from 'recordpipe';
 * const file = new Blob([encodeRecordIO(Uint8Array.of(7))]).stream();
 * const reader = file.pipeThrough(recordIODecoderStream()).getReader();
 * console.log((await reader.read()).value); // Uint8Array(1) [ 7 ]
 * ```
 */
export function recordIODecoderStream(options?: Partial<Omit<RecordIOReadOptions, 'reuse'>>): DecoderStream {
  return decoderStream((bytes) => readRecordIO(bytes, { ...options, reuse: false }));
}

/**
 * A web stream from records to the bytes of a RecordIO file.
 *
 * @throws as `encodeRecordIO`, as the error of both sides
 * @example
 * ```ts
 * import { recordIOEncoderStream } from 'recordpipe';
 * const { readable, writable } = recordIOEncoderStream();
 * const writer = writable.getWriter();
 * void writer.write(Uint8Array.of(1));
 * console.log((await readable.getReader().read()).value?.length); // 12
 * ```
 */
export function recordIOEncoderStream(
  options?: Partial<RecordIOEncodeOptions>,
): TransformStream<Uint8Array, Uint8Array> {
  return encoderStream('recordIOEncoderStream', (record) => encodeRecordIO(record, options));
}
