/**
 * npm's `tfrecord` over the line protocol of bench/against.
 *
 * It uses `RecordReader` and `RecordWriter`, the layer below its Examples: raw payloads with both
 * checksums verified. Its checksum is `fast-crc32c`, which uses the `sse4_crc32` add-on if that
 * could be built; the version indicates which one is in use. Its Examples use a static module of
 * protobufjs 6.
 */

import { createRequire } from 'node:module';
import { crc32 } from 'node:zlib';
import { addValues, decoding } from './examples.mjs';
import { factsAdded } from './images.mjs';
import { payloadPool } from './payload.mjs';
import { secondsSince, serve } from './peer_protocol.mjs';

const require = createRequire(import.meta.url);
const { createReader, Example, RecordReader, RecordWriter } = require('tfrecord');

async function read({ path, limit = Number.POSITIVE_INFINITY }) {
  let records = 0;
  let bytes = 0;
  const start = process.hrtime.bigint();
  const reader = await RecordReader.create(path);
  while (records < limit) {
    const record = await reader.readRecord();
    if (record === null) break;
    records += 1;
    bytes += record.length;
  }
  await reader.close();
  return { seconds: secondsSince(start), records, bytes };
}

async function write({ path, count, size, seed }) {
  const pool = payloadPool(count, size, seed);
  const start = process.hrtime.bigint();
  const writer = await RecordWriter.create(path);
  for (let k = 0; k < count; k++) await writer.writeRecord(pool[k % pool.length]);
  await writer.close();
  return { seconds: secondsSince(start), records: count, bytes: count * size };
}

async function images({ paths, check }) {
  const facts = { records: 0, labels: 0, lengths: 0, crcs: 0 };
  const start = process.hrtime.bigint();
  for (const path of paths) {
    const reader = await createReader(path);
    for (let example = await reader.readExample(); example !== null; example = await reader.readExample()) {
      const { feature } = example.features;
      const [image] = feature['image/encoded'].bytesList.value;
      const [label] = feature['image/class/label'].int64List.value;
      factsAdded(facts, image.length, Number(label), check ? crc32(image) : 0);
    }
    await reader.close();
  }
  return { seconds: secondsSince(start), facts };
}

function add(facts, { features }) {
  for (const { bytesList, floatList, int64List } of Object.values(features.feature)) {
    if (bytesList) addValues(facts, 'bytes', bytesList.value);
    if (floatList) addValues(facts, 'float', floatList.value);
    if (int64List) addValues(facts, 'int64', int64List.value);
  }
}

function checksum() {
  try {
    return require('sse4_crc32').hardware_support ? 'sse4_crc32' : 'tables';
  } catch {
    return 'tables';
  }
}

await serve({
  name: 'npm-tfrecord',
  version: `${require('tfrecord/package.json').version} (${checksum()})`,
  operations: {
    read: { RecordReader: read },
    write: { RecordWriter: write },
    images: { createReader: images },
    example: { decode: decoding(() => (record) => Example.decode(record), add) },
  },
  notes: {
    RecordReader: 'two asynchronous reads per record',
    RecordWriter: 'three asynchronous writes per record',
  },
});
