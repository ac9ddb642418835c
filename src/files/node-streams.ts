import { Duplex, Transform } from 'node:stream';
import { encodeTFRecord } from '../framing/tfrecord-encode.ts';
import { readTFRecords } from '../records/read-tfrecords.ts';
import type { TFRecordReadOptions } from '../records/tfrecord-options.ts';
import { HandOver } from './hand-over.ts';

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
  // Not Duplex.from: on Node 22 it waits for ever when the source of a pipeline fails in the middle of a record.
  const input = new HandOver();
  const records = readTFRecords(input, { ...options, reuse: false });
  let pulling = false;
  const pull = async (stream: Duplex): Promise<void> => {
    if (pulling) return;
    pulling = true;
    try {
      for (let room = true; room && !stream.destroyed; ) {
        const { done, value } = await records.next();
        room = stream.push(done ? null : value);
        if (done) return;
      }
    } catch (error) {
      stream.destroy(error as Error);
    }
    pulling = false;
  };
  return new Duplex({
    readableObjectMode: true,
    writableObjectMode: true,
    writableHighWaterMark: 1,
    write: (chunk: Uint8Array, _encoding, taken) => input.give(chunk, taken),
    final(done) {
      input.end();
      done();
    },
    read() {
      void pull(this);
    },
    destroy(error, done) {
      void input.return();
      void records.return().catch(() => {});
      done(error);
    },
  });
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
  return new Transform({
    writableObjectMode: true,
    transform(record: unknown, _encoding, done) {
      if (record instanceof Uint8Array) done(null, encodeTFRecord(record));
      else done(new TypeError(`createTFRecordEncoder: expected records as Uint8Array, got ${typeof record}`));
    },
  });
}
