/**
 * Shards of Examples like those of ImageNet: images of about 110 KB that do not compress, with
 * labels. Image k is the same in every run and in every format.
 */

import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';
import { mix, payloadPool } from '../against/payload.mjs';
import { SEED } from '../data.mjs';

const MIN_BYTES = 60_000;
const SPREAD = 100_000;
const LABELS = 1000;
const POOL_BYTES = 2 ** 24;
const TAR_BLOCK = 512;

/** The header of a JPEG file of 400 by 300 pixels. */
export const JPEG_HEADER = Buffer.from(
  'ffd8ffe000104a46494600010100000100010000ffc0001108012c019003012200021101031101',
  'hex',
);

/**
 * Writes `count` shards of about `shardBytes` bytes each, as TFRecords with the index that DALI
 * needs, and as tar files for WebDataset. `path(name)` returns the path of a file.
 *
 * @returns per shard, the paths of its files and what readers must find in it
 */
export function writeImageShards(path, count, shardBytes) {
  const [pool] = payloadPool(1, POOL_BYTES, SEED);
  const shards = [];
  for (let shard = 0, next = 0; shard < count; shard++) {
    const name = String(shard).padStart(5, '0');
    const files = {
      tfrecord: path(`tfrecord/${name}.tfrecord`),
      index: path(`index/${name}.idx`),
      tar: path(`tar/${name}.tar`),
    };
    const facts = { records: 0, labels: 0, lengths: 0, crcs: 0 };
    const [tfrecord, tar] = [openSync(files.tfrecord, 'w'), openSync(files.tar, 'w')];
    const index = [];
    for (let at = 0; at < shardBytes; next++) {
      const image = imageOf(pool, next);
      const label = mix(next) % LABELS;
      const frame = encodeTFRecord(encodeExample(exampleOf(image, label)));
      writeSync(tfrecord, frame);
      writeSync(tar, tarOf(next, image, label));
      index.push(`${at} ${frame.length}\n`);
      at += frame.length;
      facts.records += 1;
      facts.labels += label;
      facts.lengths += image.length;
      facts.crcs += crc32(image);
    }
    writeSync(tar, Buffer.alloc(2 * TAR_BLOCK));
    closeSync(tfrecord);
    closeSync(tar);
    writeFileSync(files.index, index.join(''));
    shards.push({ files, facts });
  }
  return shards;
}

function imageOf(pool, k) {
  const length = MIN_BYTES + (mix(k) % SPREAD);
  const start = mix(k + LABELS) % (pool.length - length);
  const image = Buffer.from(pool.subarray(start, start + length));
  JPEG_HEADER.copy(image);
  return image;
}

function exampleOf(image, label) {
  return {
    'image/encoded': { kind: 'bytes', value: [image] },
    'image/class/label': { kind: 'int64', value: [label] },
  };
}

/** The two files of a sample: `N.jpg` and `N.cls`. */
function tarOf(k, image, label) {
  const name = String(k).padStart(7, '0');
  return Buffer.concat([
    ...tarFile(`${name}.jpg`, image),
    ...tarFile(`${name}.cls`, Buffer.from(String(label))),
  ]);
}

function tarFile(name, content) {
  const header = Buffer.alloc(TAR_BLOCK);
  const octal = (value, digits) => `${value.toString(8).padStart(digits, '0')}\0`;
  header.write(name, 0);
  header.write(octal(0o644, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(content.length, 11), 124);
  header.write(octal(0, 11), 136);
  header.write(' '.repeat(8), 148);
  header.write('0', 156);
  header.write('ustar\u000000', 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return [header, content, Buffer.alloc(-content.length & (TAR_BLOCK - 1))];
}
