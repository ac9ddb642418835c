import { join } from 'node:path';
import { writeRecordSet } from '../datasets/record-set.mjs';
import { during } from '../timings.mjs';
import { runDatasetObjects } from './datasets-objects.mjs';
import { runDatasetPeers } from './datasets-peers.mjs';
import { runDatasetState } from './datasets-state.mjs';

const SHARDS = 16;

const KINDS = { peers: runDatasetPeers, state: runDatasetState, s3: runDatasetObjects };

/** Measures datasets of records of 10 KB in shards. Each case has its own group of figures. */
export async function runDatasets(cases, context) {
  const { data, fileBytes } = context;
  const root = data.name('datasets');
  try {
    const write = () => writeRecordSet(join(root, 'tfrecord'), SHARDS, fileBytes / SHARDS);
    const set = await during('files', write);
    for (const { what } of cases) await KINDS[what]({ ...context, group: `datasets ${what}`, root, set });
  } finally {
    data.remove(root);
  }
}
