/** What was set out to be reached by more than one machine. */

import { ours } from './ways.mjs';

const shards = (what, at, rest) => ({ group: 'shards', at, mine: ours(what, 'all'), ...rest });

export const SHARD_TARGETS = [
  {
    title: '100,000 objects listed, planned, written, read again and divided among 100 workers',
    rows: [
      shards('100,000 objects planned and divided', 'milliseconds', { wanted: 10_000, most: true }),
      shards('100,000 objects planned and divided, memory', 'MiB', { wanted: 300, most: true }),
    ],
  },
  {
    title: '`recordpipe merge` of 1,000 reports of 100 files each, milliseconds',
    rows: ['validate', 'stats'].map((command) =>
      shards(`1,000 reports of ${command} merged`, `\`${command}\``, { wanted: 5000, most: true }),
    ),
  },
  {
    title: 'Two workers, each on a core of its own, against one, GB/s',
    note: 'Whole processes over the same plan, one job each; compressed shards are what keeps a core busy. Bytes are those of the records.',
    rows: ['validate', 'stats'].map((command) =>
      shards(`${command} of gzip, workers: 2`, `\`${command}\` of gzip`, {
        other: ours(`${command} of gzip, workers: 1`, 'all'),
        wanted: 1.7,
      }),
    ),
  },
];
