import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';

const CLASSES = ['cat', 'dog', 'horse', 'frog', 'ship', 'truck', 'bird', 'deer'];

/** Writes the sample data of reports into a new folder: 8 shards of images, one of them damaged. */
export function writeSample(folder) {
  mkdirSync(folder);
  for (let shard = 0; shard < 8; shard++) writeShard(folder, shard);
}

/**
 * Writes a shard of images with labels, boxes, and an embedding. The third shard has a flipped bit.
 */
function writeShard(data, shard) {
  const random = randomFrom(shard + 1);
  const frames = [];
  const count = shard === 5 ? 40 : 110 + Math.floor(random() * 40);
  for (let i = 0; i < count; i++) {
    const label = Math.min(CLASSES.length - 1, Math.floor(-Math.log(random()) * 2));
    const boxes = Math.floor(random() * 5);
    const [width, height] = [48 + Math.floor(random() * 60), 40 + Math.floor(random() * 50)];
    frames.push(
      encodeTFRecord(
        encodeExample({
          'image/encoded': { kind: 'bytes', value: [png(width, height, label, random)] },
          'image/width': { kind: 'int64', value: [width] },
          'image/height': { kind: 'int64', value: [height] },
          'image/class/text': { kind: 'bytes', value: [CLASSES[label]] },
          embedding: { kind: 'float', value: Array.from({ length: 16 }, () => gauss(random)) },
          ...(boxes > 0 && { 'bbox/xmin': { kind: 'float', value: Array.from({ length: boxes }, random) } }),
        }),
      ),
    );
  }
  const bytes = Buffer.concat(frames);
  if (shard === 2) bytes[frames[0].length + 600] ^= 1;
  writeFileSync(join(data, `train-${String(shard).padStart(5, '0')}-of-00008.tfrecord`), bytes);
}

/** Creates a PNG of a wavy landscape in the colors of its class. */
function png(width, height, label, random) {
  const hue = (label / CLASSES.length) * 2 * Math.PI;
  const [a, b] = [3 + 8 * random(), 2 + 5 * random()];
  const rows = Buffer.alloc((3 * width + 1) * height);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const ridge = height * (0.5 + 0.16 * Math.sin(x / a) + 0.12 * Math.sin(x / b + label));
      const light = y < ridge ? 0.55 + (0.4 * y) / height : 0.6 - (0.4 * (y - ridge)) / height;
      for (let c = 0; c < 3; c++) {
        const tint = 0.75 + 0.25 * Math.cos(hue + (2 * Math.PI * c) / 3 + (y < ridge ? 0 : 2));
        rows[y * (3 * width + 1) + 1 + 3 * x + c] = Math.round(255 * Math.min(1, light * tint * 1.25));
      }
    }
  }
  const size = Buffer.alloc(13);
  size.writeUInt32BE(width, 0);
  size.writeUInt32BE(height, 4);
  size.set([8, 2, 0, 0, 0], 8);
  const chunks = [chunk('IHDR', size), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))];
  return new Uint8Array(Buffer.concat([Buffer.from('89504e470d0a1a0a', 'hex'), ...chunks]));
}

function chunk(name, body) {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(body.length, 0);
  head.write(name, 4, 'latin1');
  const sum = Buffer.alloc(4);
  sum.writeInt32BE(crc32(Buffer.concat([head.subarray(4), body])), 0);
  return Buffer.concat([head, body, sum]);
}

function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc;
}

function gauss(random) {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

function randomFrom(seed) {
  let state = seed * 0x9e3779b9;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
