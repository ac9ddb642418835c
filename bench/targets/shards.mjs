/** Targets for scaling out. */

import { ours } from './ways.mjs';

const shards = (what, at, rest) => ({ group: 'shards', at, mine: ours(what, 'all'), ...rest });

export const SHARD_TARGETS = [
  {
    title: 'Listing and planning 100,000 objects, writing and reading the plan, and assigning 100 shards',
    rows: [
      shards('100,000 objects planned and divided', 'milliseconds', { wanted: 10_000, atMost: true }),
      shards('100,000 objects planned and divided, memory', 'MiB', { wanted: 300, atMost: true }),
    ],
  },
  {
    title: '`recordpipe merge` of 1,000 reports with 100 files each, milliseconds',
    rows: ['validate', 'stats'].map((command) =>
      shards(`1,000 reports of ${command} merged`, `\`${command}\``, { wanted: 5000, atMost: true }),
    ),
  },
  {
    title: 'Two workers, each on its own core, against one, GB/s',
    note: 'Whole processes over the same plan, one job each; decompression keeps a core busy. GB/s are uncompressed record bytes.',
    rows: ['validate', 'stats'].map((command) =>
      shards(`${command} of gzip, workers: 2`, `\`${command}\` of gzip`, {
        other: ours(`${command} of gzip, workers: 1`, 'all'),
        wanted: 1.7,
      }),
    ),
  },
];
