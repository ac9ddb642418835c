import { deflateSync, gzipSync } from 'node:zlib';
import { concat, oracleFile, oracleFrame } from '../support/oracle-tfrecord.ts';
import { Random } from '../support/random.ts';

/**
 * Records of noise and text, some of them empty. Compressed, they exceed one buffer of every
 * reader.
 */
const random = new Random(31);
const payloads = Array.from({ length: 40 }, (_, i) =>
  i % 3 === 0 ? new Uint8Array(i * 100).fill(65 + i) : random.bytes((i * 577) % 9000),
);
const file = oracleFile(payloads);
const half = oracleFile(payloads.slice(0, 20));
const rest = oracleFile(payloads.slice(20));
const lastHeader = file.length - (payloads.at(-1)!.length + 16);
const gzip = new Uint8Array(gzipSync(file));
const zlib = new Uint8Array(deflateSync(file));

/**
 * Corner cases of the format in which readers differ. The extension determines how TensorFlow reads
 * the file.
 */
export const CORNERS: Readonly<Record<string, Uint8Array>> = {
  ...cuts('header', '.tfrecord', file, lastHeader, [1, 7, 8, 11]),
  ...cuts('payload', '.tfrecord', file, lastHeader, [12, 13, 15, 16, 100]),
  'cut-footer.tfrecord': file.slice(0, -1),
  'empty.tfrecord': new Uint8Array(0),
  'empty.gz.tfrecord': new Uint8Array(0),
  'empty.zlib.tfrecord': new Uint8Array(0),
  'one-byte.tfrecord': file.slice(0, 1),
  'zeros-after.tfrecord': concat([file, new Uint8Array(100)]),
  'few-zeros-after.tfrecord': concat([file, new Uint8Array(11)]),
  'length-2p62.tfrecord': concat([half, oracleFrame(random.bytes(10), 2n ** 62n)]),
  'length-2p63.tfrecord': concat([half, oracleFrame(random.bytes(10), 2n ** 63n)]),
  'length-2p64.tfrecord': concat([half, oracleFrame(random.bytes(10), 2n ** 64n - 1n)]),
  'members.gz.tfrecord': concat([gzipSync(half), gzipSync(rest)]),
  'members-inside-record.gz.tfrecord': concat([
    gzipSync(file.subarray(0, 5003)),
    gzipSync(file.subarray(5003, 5010)),
    gzipSync(file.subarray(5010)),
  ]),
  'streams.zlib.tfrecord': concat([deflateSync(half), deflateSync(rest)]),
  'bytes-after.zlib.tfrecord': concat([zlib, Buffer.from('something else')]),
  'zeros-after.zlib.tfrecord': concat([zlib, new Uint8Array(20)]),
  'bytes-after.gz.tfrecord': concat([gzip, Buffer.from('something else, longer than a header')]),
  'half-member-after.gz.tfrecord': concat([gzip, gzip.subarray(0, 5)]),
  ...cuts('trailer', '.gz.tfrecord', gzip, gzip.length - 8, [0, 1, 4, 7]),
  ...cuts('trailer', '.zlib.tfrecord', zlib, zlib.length - 4, [0, 1, 3]),
  ...cuts('deflate', '.gz.tfrecord', gzip, gzip.length >> 1, [0, 1]),
  ...cuts('deflate', '.zlib.tfrecord', zlib, zlib.length >> 1, [0, 1]),
  ...cuts('start', '.gz.tfrecord', gzip, 0, [1, 2, 9, 10, 11, 30]),
  ...cuts('start', '.zlib.tfrecord', zlib, 0, [1, 2, 3, 30]),
  'border-in-deflate.gz.tfrecord': compressedUpTo(gzipSync, lastHeader),
  'header-in-deflate.gz.tfrecord': compressedUpTo(gzipSync, lastHeader + 5),
  'border-in-deflate.zlib.tfrecord': compressedUpTo(deflateSync, lastHeader),
  'header-in-deflate.zlib.tfrecord': compressedUpTo(deflateSync, lastHeader + 5),
  'half-record-inside.gz.tfrecord': new Uint8Array(gzipSync(file.subarray(0, -5))),
  'half-header-inside.gz.tfrecord': new Uint8Array(gzipSync(file.subarray(0, lastHeader + 5))),
  'half-header-inside.zlib.tfrecord': new Uint8Array(deflateSync(file.subarray(0, lastHeader + 5))),
  'not-compressed.gz.tfrecord': file,
  'not-compressed.zlib.tfrecord': file,
  'gzip-unnoticed.tfrecord': gzip,
  'wrong-crc.gz.tfrecord': changed(gzip, gzip.length - 8),
  'wrong-size.gz.tfrecord': changed(gzip, gzip.length - 1),
  'wrong-sum.zlib.tfrecord': changed(zlib, zlib.length - 1),
  'empty-member.gz.tfrecord': concat([gzipSync(half), gzipSync(new Uint8Array(0)), gzipSync(rest)]),
  'empty-member-inside-record.gz.tfrecord': concat([
    gzipSync(file.subarray(0, 5003)),
    gzipSync(new Uint8Array(0)),
    gzipSync(file.subarray(5003)),
  ]),
  'zeros-after.gz.tfrecord': concat([gzip, new Uint8Array(512)]),
};

/** Cases in which `compat: 'tf'` differs from TensorFlow, with TensorFlow's behavior. */
export const DIFFERENCES: Readonly<Record<string, { readonly rejected: boolean; readonly why: string }>> = {
  'wrong-crc.gz.tfrecord': { rejected: true, why: 'all records are delivered before the error' },
  'wrong-size.gz.tfrecord': { rejected: true, why: 'all records are delivered before the error' },
  'wrong-sum.zlib.tfrecord': { rejected: true, why: 'all records are delivered before the error' },
  'empty-member.gz.tfrecord': { rejected: false, why: 'TensorFlow takes an empty member for the end' },
  'empty-member-inside-record.gz.tfrecord': { rejected: false, why: 'as above, and the record is cut' },
  'zeros-after.gz.tfrecord': { rejected: false, why: 'zero padding behind gzip is common' },
};

/** Number of records in the corner cases. */
export const CORNER_RECORDS: number = payloads.length;

/**
 * Returns a truncated compressed stream that inflates to exactly the first `bytes` bytes of the
 * file.
 */
function compressedUpTo(compress: typeof gzipSync, bytes: number): Uint8Array {
  // A flush ends at a byte boundary; the rest of the stream is missing.
  const whole = compress(file.subarray(0, bytes), { finishFlush: 2 });
  return new Uint8Array(whole);
}

function cuts(
  name: string,
  suffix: string,
  bytes: Uint8Array,
  from: number,
  more: readonly number[],
): Record<string, Uint8Array> {
  return Object.fromEntries(
    more.map((extra) => [`cut-${name}-${extra}${suffix}`, bytes.slice(0, from + extra)]),
  );
}

function changed(bytes: Uint8Array, at: number): Uint8Array {
  const copy = bytes.slice();
  copy[at] ^= 1;
  return copy;
}
