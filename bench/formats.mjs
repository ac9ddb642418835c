/**
 * The formats to measure: the size of a framed record, and how to write one. RecordIO and text
 * lines are framed here, independently of the measured code.
 */

import { encodeTFRecordInto } from 'recordpipe';
import { linePool, payloadPool } from './against/payload.mjs';

const RECORDIO_MAGIC = 0xced7230a;

export const FORMATS = {
  tfrecord: { pool: payloadPool, frameBytes: (size) => size + 16, frame: encodeTFRecordInto },
  recordio: {
    pool: payloadPool,
    frameBytes: (size) => 8 + size + (-size & 3),
    frame(payload, target, at) {
      for (let k = 0; k + 4 <= payload.length; k += 4) {
        if (payload.readUInt32LE(k) === RECORDIO_MAGIC)
          throw new Error('a payload contains the RecordIO magic number; choose another seed');
      }
      target.writeUInt32LE(RECORDIO_MAGIC, at);
      target.writeUInt32LE(payload.length, at + 4);
      target.set(payload, at + 8);
      target.fill(0, at + 8 + payload.length, at + 8 + payload.length + (-payload.length & 3));
    },
  },
  textline: {
    pool: linePool,
    frameBytes: (size) => size + 1,
    frame(payload, target, at) {
      target.set(payload, at);
      target[at + payload.length] = 0x0a;
    },
  },
};

/** Returns the number of bytes of a record of `size` bytes in a file, framing included. */
export function frameBytes(format, size) {
  return FORMATS[format].frameBytes(size);
}

/**
 * Returns the number of records of `size` bytes in a file of about `fileBytes` bytes; at least one.
 */
export function recordsIn(fileBytes, size, format = 'tfrecord') {
  return Math.max(1, Math.floor(fileBytes / frameBytes(format, size)));
}
