/** Measured ways to read a dataset of records. */

import { crc32 } from 'node:zlib';
import { secondsSince } from '../against/peer_protocol.mjs';

const SEED = 7;
const BUFFER = 1000;
const BATCH = 64;
const NUMBERS = 1e9;

const SOURCES = {
  sequential: (Dataset, paths, options) => Dataset.shards(paths, options),
  shuffled: (Dataset, paths, options) =>
    Dataset.shards(paths, { order: 'shuffled', seed: SEED, epoch: 0, ...options }),
  records: (Dataset, paths, options) => Dataset.records(paths, options),
};

async function opened(mode, { paths, objects }) {
  const { Dataset } = await import('recordpipe/dataset');
  return SOURCES[mode](Dataset, paths, objects ? { objects } : {});
}

/** Reads all records, one by one. With `check`, computes checksums that prove which were read. */
function read(mode) {
  return async ({ check, ...place }) => {
    const dataset = await opened(mode, place);
    const facts = { records: 0, bytes: 0, crcs: 0, order: 0 };
    const four = Buffer.alloc(4);
    const start = process.hrtime.bigint();
    for await (const record of dataset) {
      facts.records += 1;
      facts.bytes += record.length;
      if (!check) continue;
      const crc = crc32(record);
      facts.crcs += crc;
      four.writeUInt32LE(crc);
      facts.order = crc32(four, facts.order);
    }
    return { seconds: secondsSince(start), facts };
  };
}

/** Reads all records through a chain of operators, and takes the position after each batch. */
function track(withState) {
  return async ({ paths }) => {
    const dataset = (await opened('records', { paths }))
      .shuffle(BUFFER, { seed: SEED })
      .map((record) => ({ record }))
      .batch(BATCH);
    let records = 0;
    let last;
    const start = process.hrtime.bigint();
    const batches = dataset.iterate();
    for await (const batch of batches) {
      records += batch.length;
      if (withState) last = batches.state();
    }
    return { seconds: secondsSince(start), records, last };
  };
}

/** The middle of a billion numbers. */
async function numbers() {
  const { Dataset } = await import('recordpipe/dataset');
  return Dataset.range(NUMBERS)
    .skip(NUMBERS / 2)
    .shuffle(10 * BUFFER, { seed: SEED });
}

const saved = new Map();

/** Measures from opening the dataset to the first element after `at` elements. */
function resume(open) {
  return async ({ at = BATCH, ...place }) => {
    const key = JSON.stringify([at, place]);
    if (!saved.has(key)) saved.set(key, await positionAfter(at, await open(place)));
    const { state, expected } = saved.get(key);
    const start = process.hrtime.bigint();
    const elements = (await open(place)).resume(JSON.parse(state)).iterate();
    const { value } = await elements.next();
    const seconds = secondsSince(start);
    await elements.return();
    return { seconds, stateBytes: state.length, same: sumOf(value) === expected };
  };
}

async function positionAfter(at, dataset) {
  const elements = dataset.iterate();
  for (let i = 0; i < at; i++) await elements.next();
  const state = JSON.stringify(elements.state());
  const { value } = await elements.next();
  await elements.return();
  return { state, expected: sumOf(value) };
}

const sumOf = (value) => (typeof value === 'number' ? value : crc32(value));

export const DATASET_OPERATIONS = {
  dataset: Object.fromEntries(Object.keys(SOURCES).map((mode) => [mode, read(mode)])),
  resume: {
    ...Object.fromEntries(
      ['sequential', 'shuffled'].map((mode) => [mode, resume((place) => opened(mode, place))]),
    ),
    numbers: resume(numbers),
  },
  tracking: { with: track(true), without: track(false) },
};
