import { Duplex, Transform } from 'node:stream';
import { UsageError } from '../errors.ts';
import type { RecordReader } from '../records/record-reader.ts';
import { HandOver } from './hand-over.ts';

/** A Node stream from the bytes of a file to its records, one chunk each. @param read the reader of the format; records must stay valid */
export function nodeDecoder(read: (bytes: AsyncIterable<Uint8Array>) => RecordReader): Duplex {
  // Not Duplex.from: on Node 22 it waits for ever when the source of a pipeline fails in the middle of a record.
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

/** A Node stream from records, one chunk each, to the bytes of a file. @param name the public function, for its error */
export function nodeEncoder(name: string, encode: (record: Uint8Array) => Uint8Array): Transform {
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
