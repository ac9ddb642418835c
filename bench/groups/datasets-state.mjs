import { join } from 'node:path';
import { writeRecordSet } from '../datasets/record-set.mjs';
import { measureWays } from './ways.mjs';

/** With --full, positions in 100 shards of 100 MB. */
const FULL = { shards: 100, shardBytes: 1e8 };

/**
 * Compares a chain of operators with the same chain whose position is taken after every batch, in
 * records per second; and measures how long it takes to continue in the middle, in milliseconds, and
 * the size of the position, in bytes.
 */
export async function runDatasetState(context) {
  const { group, full, root, set, add } = context;
  const states = new Map();
  const ways = ['without', 'with'].map((kind) => ({
    what: `shuffle.map.batch, ${kind} a state per batch`,
    unit: 'records/s',
    pass: async (peer) => {
      const { seconds, records } = await peer.call({ op: 'tracking', mode: kind, paths: set.paths });
      if (records !== set.count) throw new Error(`${kind}: ${records} records, expected ${set.count}`);
      return records / seconds;
    },
  }));
  const large = full ? await writeRecordSet(join(root, 'large'), FULL.shards, FULL.shardBytes) : set;
  const resumes = [
    ['10^9 numbers', { mode: 'numbers' }],
    [`${large.shards} shards`, { mode: 'shuffled', paths: large.paths, at: Math.floor(large.count / 2) }],
  ].map(([what, request]) => ({
    what: `resume, ${what}`,
    unit: 'ms',
    pass: async (peer) => {
      const { seconds, stateBytes, same } = await peer.call({ op: 'resume', ...request });
      if (!same) throw new Error(`${what}: continued at another element`);
      states.set(`state, ${what}`, stateBytes);
      return 1000 * seconds;
    },
  }));
  const all = [...ways, ...resumes].map((way) => ({ who: 'recordpipe', ours: true, cores: 'all', ...way }));
  await measureWays(all, { group }, context);
  for (const [what, bytes] of states)
    add({ group, who: 'recordpipe', what, cores: 'all', unit: 'bytes', rounds: [bytes] });
}
