/**
 * npm's `@roboflow/tfrecords` over the line protocol of bench/against. It parses all Examples of a
 * file in memory and verifies both checksums, in JavaScript. Its own `getFeature` depends on internals
 * that current versions of google-protobuf have renamed, so features are taken from the messages.
 */

import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { crc32 } from 'node:zlib';
import { factsAdded } from './images.mjs';
import { secondsSince, serve } from './peer_protocol.mjs';

const require = createRequire(import.meta.url);
const { TFRecordsReader } = require('@roboflow/tfrecords/src/tensorFlowReader.js');

async function images({ paths, check }) {
  const facts = { records: 0, labels: 0, lengths: 0, crcs: 0 };
  const start = process.hrtime.bigint();
  for (const path of paths) {
    const reader = new TFRecordsReader(await readFile(path));
    for (let i = 0; i < reader.length; i++) {
      const features = reader.imageMessages[i].getContext().getFeatureMap();
      const [image] = features.get('image/encoded').getBytesList().getValueList_asU8();
      const [label] = features.get('image/class/label').getInt64List().getValueList();
      factsAdded(facts, image.length, label, check ? crc32(image) : 0);
    }
  }
  return { seconds: secondsSince(start), facts };
}

await serve({
  name: 'roboflow',
  version: require('@roboflow/tfrecords/package.json').version,
  operations: { images: { TFRecordsReader: images } },
});
