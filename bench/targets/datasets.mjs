/** Targets for datasets of records. */

import { ours } from './ways.mjs';

const STATE = 'datasets state';
const S3 = 'datasets s3';
const PEERS = 'datasets peers';
const CHAIN = 'shuffle.map.batch';
const THEIRS = [
  ['grain', 'Grain', (order) => order],
  ['grain', 'Grain, no threads', (order) => `${order}, no threads`],
  ['loaders', 'mosaicml-streaming', (order) => `mosaicml-streaming, ${order}`],
];

export const DATASET_TARGETS = [
  {
    title: 'Datasets: a chain whose position is taken after every batch, against the same chain without',
    rows: [
      {
        group: STATE,
        at: `\`${CHAIN}\``,
        mine: ours(`${CHAIN}, with a state per batch`),
        other: ours(`${CHAIN}, without a state per batch`),
        wanted: 0.95,
      },
    ],
  },
  {
    title: 'Datasets: continuing in the middle',
    note: 'Milliseconds to the first element, and bytes of the position. With --full, 100 shards of 100 MB.',
    rows: ['10^9 numbers', '16 shards', '100 shards'].flatMap((what) => [
      { group: STATE, at: what, mine: ours(`resume, ${what}`), wanted: 1000, atMost: true },
      { group: STATE, at: `${what}, bytes`, mine: ours(`state, ${what}`), wanted: 1024, atMost: true },
    ]),
  },
  {
    title: 'Datasets: a global order of records of 10 KB against reading in order',
    rows: [
      { group: PEERS, mine: 'shuffled', other: 'sequential', wanted: 0.5 },
      { group: S3, mine: 'shuffled, S3', other: 'sequential, S3', wanted: 0.7 },
      { group: S3, mine: 'shuffled, S3', other: 'records, S3', wanted: 0.7 },
      { group: S3, mine: 'records, S3, cached on disk', other: 'records, local files', wanted: 0.8 },
    ].map(({ group, mine, other, wanted }) => ({
      group,
      at: `\`${mine}\` against \`${other}\``,
      mine: ours(mine),
      other: ours(other),
      wanted,
    })),
  },
  {
    title: 'Datasets: records per second against Grain and mosaicml-streaming',
    rows: ['sequential', 'shuffled'].flatMap((order) =>
      THEIRS.map(([who, name, whatOf]) => ({
        group: PEERS,
        at: `${order}, ${name}`,
        mine: ours(order),
        other: { who, what: whatOf(order) },
        wanted: 1,
      })),
    ),
  },
];
