import { encodeTFRecord } from '../framing/tfrecord-encode.ts';
import type { TFRecordReadOptions } from './read-options.ts';
import { readTFRecords } from './read-tfrecords.ts';

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
export function tfrecordDecoderStream(
  options?: Partial<Omit<TFRecordReadOptions, 'reuse'>>,
): ReadableWritablePair<Uint8Array, Uint8Array<ArrayBufferLike>> {
  let bytes: TransformStreamDefaultController<Uint8Array> | undefined;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    start(controller) {
      bytes = controller;
    },
  });
  const records = readTFRecords(readable, { ...options, reuse: false });
  const decoded = new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await records.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel(reason) {
      // Wakes a pull that waits for bytes which may never come, and tells the writing side.
      bytes?.error(reason);
      await records.return();
    },
  });
  return { readable: decoded, writable };
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
  return new TransformStream({
    transform(record, controller) {
      if (!(record instanceof Uint8Array))
        throw new TypeError(`tfrecordEncoderStream: expected records as Uint8Array, got ${typeof record}`);
      controller.enqueue(encodeTFRecord(record));
    },
  });
}
