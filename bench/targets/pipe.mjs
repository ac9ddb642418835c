/** Targets for Pipe mode and for chains of operators. */

import { bothWays, ours } from './ways.mjs';

const TIMES_THE_ORIGINAL = { 100: 20, 1000: 8, 10000: 2.5, 100000: 2 };
const CHANNELS = { group: 'channels', atMost: true };
const WITHOUT_DELAY_MS = 20;

const VIEWS = [
  ['', ours('views', 'all')],
  [', `forEach`', ours('views, forEach', 'all')],
  [', of batches', ours('batches, reuse, views', 'all')],
];

export const PIPE_TARGETS = [
  {
    title: 'Pipe mode: TFRecord views against `cat PIPE > /dev/null`',
    note: 'Both read from `cat FILE > PIPE`. An epoch includes its lock, index, and opening the pipe; `cat` includes its startup.',
    group: 'pipe',
    format: 'tfrecord',
    ways: VIEWS,
    others: { who: 'limit', what: 'cat' },
    wanted: { 1000: 0.6, 10000: 0.8 },
  },
  ...['tfrecord', 'recordio'].map((format) => ({
    title: `Pipe mode: ${format === 'tfrecord' ? 'TFRecord' : 'RecordIO'} views against the original PipeModeDataset`,
    note: 'The faster of `batch(256)` and single records.',
    group: 'pipe',
    format,
    ways: VIEWS,
    others: { who: 'original' },
    wanted: TIMES_THE_ORIGINAL,
  })),
];

const chains = (kind, more) =>
  bothWays(`map.batch.prefetch, ${kind}`).map(([suffix, mine]) => ({
    group: 'dataset',
    at: `${kind}${suffix}`,
    mine,
    ...more(mine),
  }));

export const PIPE_SINGLES = [
  {
    title: 'Chain of `map.batch(256).prefetch(2)`, elements per second',
    note: 'Records have 100 bytes.',
    rows: ['numbers', 'records'].flatMap((kind) => chains(kind, () => ({ wanted: 3e6 }))),
  },
  {
    title: 'Chain of `map.batch(256).prefetch(2)` against async generators',
    rows: ['numbers', 'records'].flatMap((kind) =>
      chains(kind, ({ what }) => ({ other: { who: 'generators', what }, wanted: 5 })),
    ),
  },
  {
    title: '64 channels at once, four without a writer: milliseconds',
    note: '`fs.stat` is called repeatedly meanwhile; the figure is the longest call of a round.',
    rows: [
      { at: '`fs.stat` while the channels are opened', what: 'fs.stat, while 64 channels are opened' },
      { at: '`fs.stat` while the channels are read', what: 'fs.stat, while 64 channels are read' },
      { at: 'abort to exit', what: 'abort to exit', wanted: 500 },
    ].map(({ at, what, wanted = WITHOUT_DELAY_MS }) => ({ ...CHANNELS, at, mine: ours(what), wanted })),
  },
];
