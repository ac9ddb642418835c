import { Duplex, Transform } from 'node:stream';
import { UsageError } from '../../errors.ts';
import { encodeRecordIO } from '../../formats/recordio/encode.ts';
import { encodeOptionsOf, type RecordIOEncodeOptions } from '../../formats/recordio/options.ts';
import { encodeTextLine } from '../../formats/textline/encode.ts';
import { lineEndingOf, type TextLineEncodeOptions } from '../../formats/textline/options.ts';
import { encodeTFRecord } from '../../formats/tfrecord/encode.ts';
import type { RecordReader } from '../record-reader.ts';
import { type RecordIOReadOptions, readRecordIO } from '../recordio.ts';
import { readTextLines, type TextLineReadOptions } from '../textline.ts';
import { readTFRecords, type TFRecordReadOptions } from '../tfrecord.ts';

/**
 * Creates a Node stream that decodes the bytes of a TFRecord file into its records. Each chunk read from it
 * is one record, as a view.
 *
 * @throws the same errors as `readTFRecords`, which the stream emits
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { encodeTFRecord } from 'recordpipe';
 * import { createTFRecordDecoder } from 'recordpipe/records/write';
 * const file = Readable.from([encodeTFRecord(Uint8Array.of(7))]);
 * for await (const record of file.pipe(createTFRecordDecoder())) console.log(record); // Uint8Array(1) [ 7 ]
 * ```
 */
export function createTFRecordDecoder(options?: Partial<Omit<TFRecordReadOptions, 'reuse'>>): Duplex {
  return nodeDecoder((bytes) => readTFRecords(bytes, { ...options, reuse: false }));
}

/**
 * Creates a Node stream that encodes records as the bytes of a TFRecord file. Each chunk written to it is
 * one record.
 *
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { createTFRecordEncoder } from 'recordpipe/records/write';
 * const records = Readable.from([Uint8Array.of(1), Uint8Array.of(2, 3)]);
 * let bytes = 0;
 * for await (const chunk of records.pipe(createTFRecordEncoder())) bytes += chunk.length;
 * console.log(bytes); // 35
 * ```
 */
export function createTFRecordEncoder(): Transform {
  return nodeEncoder('createTFRecordEncoder', encodeTFRecord);
}

/**
 * Creates a Node stream that decodes the bytes of a RecordIO file into its records. Each chunk read from it
 * is one record, as a view, or as a copy if the record has several parts.
 *
 * @throws the same errors as `readRecordIO`, which the stream emits
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { encodeRecordIO } from 'recordpipe';
 * import { createRecordIODecoder } from 'recordpipe/records/write';
 * const file = Readable.from([encodeRecordIO(Uint8Array.of(7))]);
 * for await (const record of file.pipe(createRecordIODecoder())) console.log(record); // Uint8Array(1) [ 7 ]
 * ```
 */
export function createRecordIODecoder(options?: Partial<Omit<RecordIOReadOptions, 'reuse'>>): Duplex {
  return nodeDecoder((bytes) => readRecordIO(bytes, { ...options, reuse: false }));
}

/**
 * Creates a Node stream that encodes records as the bytes of a RecordIO file. Each chunk written to it is
 * one record.
 *
 * @throws UsageError for invalid options; the same errors as `encodeRecordIO`, which the stream emits
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { createRecordIOEncoder } from 'recordpipe/records/write';
 * const records = Readable.from([Uint8Array.of(1), Uint8Array.of(2, 3)]);
 * let bytes = 0;
 * for await (const chunk of records.pipe(createRecordIOEncoder())) bytes += chunk.length;
 * console.log(bytes); // 24
 * ```
 */
export function createRecordIOEncoder(options?: Partial<RecordIOEncodeOptions>): Transform {
  const complete = encodeOptionsOf('createRecordIOEncoder', options);
  return nodeEncoder('createRecordIOEncoder', (record) => encodeRecordIO(record, complete));
}

/**
 * Creates a Node stream that decodes the bytes of a text file into its lines. Each chunk read from it is one
 * line, as a view.
 *
 * @throws the same errors as `readTextLines`, which the stream emits
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { createTextLineDecoder } from 'recordpipe/records/write';
 * const file = Readable.from([Uint8Array.of(97, 10)]);
 * for await (const line of file.pipe(createTextLineDecoder())) console.log(line); // Uint8Array(1) [ 97 ]
 * ```
 */
export function createTextLineDecoder(options?: Partial<Omit<TextLineReadOptions, 'reuse'>>): Duplex {
  return nodeDecoder((bytes) => readTextLines(bytes, { ...options, reuse: false }));
}

/**
 * Creates a Node stream that encodes records as the bytes of a text file. Each chunk written to it is one
 * line.
 *
 * @throws UsageError for invalid options; the same errors as `encodeTextLine`, which the stream emits
 * @example
 * ```ts
 * import { Readable } from 'node:stream';
 * import { createTextLineEncoder } from 'recordpipe/records/write';
 * const records = Readable.from([Uint8Array.of(97), Uint8Array.of(98, 99)]);
 * let bytes = 0;
 * for await (const chunk of records.pipe(createTextLineEncoder())) bytes += chunk.length;
 * console.log(bytes); // 5
 * ```
 */
export function createTextLineEncoder(options?: Partial<TextLineEncodeOptions>): Transform {
  const ending = lineEndingOf('createTextLineEncoder', options);
  return nodeEncoder('createTextLineEncoder', (record) => encodeTextLine(record, ending));
}

/**
 * Creates a Node stream that decodes the bytes of a file into records, one chunk per record.
 * @param read reads the format; its records must stay valid
 */
function nodeDecoder(read: (bytes: AsyncIterable<Uint8Array>) => RecordReader): Duplex {
  // On Node 22, Duplex.from never settles if the source of a pipeline fails within a record.
  const input = new HandOver();
  const records = read(input);
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
 * Creates a Node stream that encodes records, one per chunk, as the bytes of a file.
 * @param name the name of the public function, for its error
 */
function nodeEncoder(name: string, encode: (record: Uint8Array) => Uint8Array): Transform {
  return new Transform({
    writableObjectMode: true,
    transform(record: unknown, _encoding, done) {
      if (!(record instanceof Uint8Array)) {
        done(new UsageError(`${name}: expected records as Uint8Array, got ${typeof record}`));
        return;
      }
      let bytes: Uint8Array;
      try {
        bytes = encode(record);
      } catch (error) {
        done(error as Error);
        return;
      }
      done(null, bytes);
    },
  });
}

const END: IteratorResult<Uint8Array> = { done: true, value: undefined };

/**
 * Passes chunks, one at a time, from a callback-based writer to an iterating reader. Either side
 * may end the transfer at any time.
 */
class HandOver implements AsyncIterableIterator<Uint8Array> {
  #given: { chunk: Uint8Array; taken: () => void } | undefined;
  #waiting: ((step: IteratorResult<Uint8Array>) => void) | undefined;
  #ended = false;

  [Symbol.asyncIterator](): this {
    return this;
  }

  /**
   * Offers a chunk, and calls `taken` when the reader has received it or has ended. Only one chunk
   * may be offered at a time.
   */
  give(chunk: Uint8Array, taken: () => void): void {
    const waiting = this.#waiting;
    if (waiting === undefined && !this.#ended) {
      this.#given = { chunk, taken };
      return;
    }
    this.#waiting = undefined;
    waiting?.({ done: false, value: chunk });
    taken();
  }

  /** Ends the input, so that no more chunks follow. */
  end(): void {
    this.#ended = true;
    this.#waiting?.(END);
    this.#waiting = undefined;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const given = this.#given;
    if (given !== undefined) {
      this.#given = undefined;
      given.taken();
      return Promise.resolve({ done: false, value: given.chunk });
    }
    if (this.#ended) return Promise.resolve(END);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  return(): Promise<IteratorResult<Uint8Array>> {
    this.#given?.taken();
    this.#given = undefined;
    this.end();
    return Promise.resolve(END);
  }
}
