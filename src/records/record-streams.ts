import { UsageError } from '../errors.ts';
import type { RecordReader } from './record-reader.ts';

/** Web streams for `pipeThrough`: bytes in, records out. (`ReadableWritablePair` is known only where the types of browsers are.) */
export interface DecoderStream {
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}

/** A pair of web streams: bytes of a file go in, its records come out. The readable side has the reader's errors. */
export function decoderStream(read: (bytes: ReadableStream<Uint8Array>) => RecordReader): DecoderStream {
  let bytes: TransformStreamDefaultController<Uint8Array> | undefined;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>({
    start(controller) {
      bytes = controller;
    },
  });
  const records = read(readable);
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

/** A web stream from records to bytes. @param name the public function, for its error */
export function encoderStream(
  name: string,
  encode: (record: Uint8Array) => Uint8Array,
): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    transform(record, controller) {
      if (!(record instanceof Uint8Array))
        throw new UsageError(`${name}: expected records as Uint8Array, got ${typeof record}`);
      controller.enqueue(encode(record));
    },
  });
}
