/**
 * The formats whose files are measured: what a record of `size` bytes takes in one, and how it is put there. RecordIO and lines
 * are written here by a few lines of their own, so that what is measured does not make its own questions.
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
          throw new Error('a payload that would be written in parts; choose another seed');
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

/** What a record of `size` bytes takes in a file. */
export function frameBytes(format, size) {
  return FORMATS[format].frameBytes(size);
}

/** How many records of `size` bytes fit into a file of about `fileBytes`; at least one. */
export function recordsIn(fileBytes, size, format = 'tfrecord') {
  return Math.max(1, Math.floor(fileBytes / frameBytes(format, size)));
}
