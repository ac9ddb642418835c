/** Measured ways to read images with labels from shards. */

import { crc32 } from 'node:zlib';
import { readTFRecordBatches, readTFRecords } from 'recordpipe';
import { compileFeatures, fixedLen } from 'recordpipe/messages';
import { BATCH, BUFFER, factsAdded } from '../against/images.mjs';
import { secondsSince } from '../against/peer_protocol.mjs';

const IMAGE = 'image/encoded';
const LABEL = 'image/class/label';

/** Reads shards in sequence and adds up what `read` finds. */
function reading(read) {
  return async ({ paths, objects, check }) => {
    const plan = compileFeatures({ [IMAGE]: fixedLen([], 'bytes'), [LABEL]: fixedLen([], 'int64') });
    const facts = { records: 0, labels: 0, lengths: 0, crcs: 0 };
    const start = process.hrtime.bigint();
    await read({
      paths,
      options: objects ? { objects } : {},
      plan,
      add: (image, label) => factsAdded(facts, image.length, Number(label), check ? crc32(image) : 0),
    });
    return { seconds: secondsSince(start), facts };
  };
}

function addColumns(columns, add) {
  const { values: images } = columns[IMAGE];
  const { values: labels } = columns[LABEL];
  for (let i = 0; i < labels.length; i++) add(images[i], labels[i]);
}

export const IMAGE_OPERATIONS = {
  images: {
    views: reading(async ({ paths, options, plan, add }) => {
      for (const path of paths)
        for await (const record of readTFRecords(path, options)) {
          const example = plan.parse(record);
          add(example[IMAGE], example[LABEL]);
        }
    }),
    columns: reading(async ({ paths, options, plan, add }) => {
      for (const path of paths)
        for await (const batch of readTFRecordBatches(path, options)) {
          const records = Array.from({ length: batch.length }, (_, i) => batch.record(i));
          addColumns(plan.parseBatch(records), add);
        }
    }),
    'Dataset.shuffle.batch.prefetch': reading(async ({ paths, options, plan, add }) => {
      const { Dataset } = await import('recordpipe/dataset');
      const batches = Dataset.records(paths, options)
        .shuffle(BUFFER, { seed: 7 })
        .batch(BATCH)
        .map((records) => plan.parseBatch(records))
        .prefetch(2);
      for await (const columns of batches) addColumns(columns, add);
    }),
  },
};
