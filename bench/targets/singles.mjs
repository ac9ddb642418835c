/**
 * Targets for single cases. `ratio` computes how two figures compare; without `other`, the target
 * applies to the figure itself.
 */

import { sizeName } from '../statistics.mjs';
import { bothWays, ours } from './ways.mjs';

const INDEX = { group: 'index' };
/** Suffixes for files with records of one length and of varied lengths. */
const LENGTHS = ['', ', varied lengths'];
const GET = 'get, at random';
const GET_MANY = 'getMany of 1,000, sorted';

const overBare = (what) => ({
  group: 'memory',
  mine: ours(what),
  other: { who: 'node', what: `node -e 0, beside ${what}` },
  ratio: (mine, other) => mine - other,
  atMost: true,
});

const validating = (what) => ({
  ...overBare(what),
  at: ({ fileBytes, recordBytes }) =>
    fileBytes === undefined ? what : `${sizeNameAbout(fileBytes)} of ${sizeNameAbout(recordBytes)} records`,
  wanted: 160,
});

const wholeProcess = (what, at, wanted) => ({
  group: 'process',
  at,
  mine: ours(what),
  other: { who: 'node' },
  wanted,
  atMost: true,
});

export const SINGLE_TARGETS = [
  {
    title: 'Building an index against counting: 10 million records of 100 bytes',
    note: 'The ratio compares times, not speeds. Varied lengths: 50 to 150 bytes.',
    rows: LENGTHS.flatMap((lengths) =>
      bothWays(`index${lengths}`).map(([suffix, mine]) => ({
        ...INDEX,
        at: `\`index\`${lengths}${suffix}`,
        mine,
        other: ours(`count${lengths}`, mine.cores),
        ratio: (index, count) => count / index,
        wanted: 1.3,
        atMost: true,
      })),
    ),
  },
  {
    title: 'Reading the index of 10 million records, milliseconds',
    rows: LENGTHS.map((lengths) => ({
      ...INDEX,
      at: `\`openIndexed\`${lengths}`,
      mine: ours(`reading the index${lengths}`),
      wanted: 200,
      atMost: true,
    })),
  },
  {
    title: 'Records by index, at random over 1 GiB in the page cache, records per second',
    rows: bothWays(GET).map(([suffix, mine]) => ({
      ...INDEX,
      at: `\`get\`${suffix}`,
      mine,
      wanted: 100_000,
    })),
  },
  {
    title: '`getMany` of 1,000, ascending, records per second: five times the target of `get`',
    rows: [GET_MANY, 'getMany of 1,000, of 4,000 neighbours'].flatMap((what) =>
      bothWays(what).map(([suffix, mine]) => ({
        ...INDEX,
        at: `\`getMany\`${what === GET_MANY ? '' : ' of neighbours'}${suffix}`,
        mine,
        wanted: 500_000,
      })),
    ),
  },
  {
    title: '`getMany` of 1,000, ascending, against `get` at random',
    note: 'At random over 1 GiB, records are 1 MB apart and none are read together; of neighbours, every fourth record is read.',
    rows: [GET_MANY, 'getMany of 1,000, of 4,000 neighbours'].flatMap((what) =>
      bothWays(what).map(([suffix, mine]) => ({
        ...INDEX,
        at: `\`getMany\`${what === GET_MANY ? '' : ' of neighbours'}${suffix}`,
        mine,
        other: ours(GET, mine.cores),
        wanted: 5,
      })),
    ),
  },
  {
    title: 'Memory of `recordpipe validate` over a bare Node process, MiB',
    note: 'Peak resident memory; the ratio column has the difference.',
    rows: ['small records', 'huge records'].map(validating),
  },
  {
    title: 'Memory of `shuffle` over a bare Node process, MiB',
    note: 'The file is ten times as large as the memory limit of 64 MiB; 60 MiB more are allowed for the process itself. A figure requires that the output is a permutation, the same every time.',
    rows: [
      {
        ...overBare('shuffle'),
        at: ({ fileBytes, memoryBytes }) =>
          memoryBytes === undefined
            ? '`shuffle`'
            : `${sizeNameAbout(fileBytes)} in ${sizeNameAbout(memoryBytes)}`,
        wanted: 64 + 60,
      },
    ],
  },
  {
    title: '`stats --html` of image Examples of 100 KB against `validate`, milliseconds',
    note: 'Whole processes, four shards. A figure requires that the page has features, labels, and sample images, and at most 2 MB.',
    rows: [
      {
        group: 'stats',
        at: ({ size }) => `\`recordpipe stats --html\` of ${sizeNameAbout(size)}`,
        mine: ours('stats --html', 'all'),
        other: ours('validate images', 'all'),
        wanted: 1.5,
        atMost: true,
      },
    ],
  },
  {
    title: 'Whole processes against `node -e 0`, milliseconds',
    rows: [
      wholeProcess('help', '`recordpipe --help`', 1.6),
      wholeProcess('validate-1MB', '`recordpipe validate` of 1 MB', 2.5),
    ],
  },
];

/**
 * Formats a size approximately: 10737418163 -> `10 GiB`. Files of whole records rarely have a round
 * size.
 */
function sizeNameAbout(bytes) {
  const unit = [2 ** 30, 2 ** 20].find((size) => bytes >= size - 2048);
  return unit === undefined ? sizeName(bytes) : sizeName(Math.round(bytes / unit) * unit);
}
