/** Targets that are about one case each. `ratio` says how the two figures compare; where there is no `other`, the figure itself counts. */

import { sizeName } from '../statistics.mjs';
import { bothWays, ours } from './ways.mjs';

const INDEX = { group: 'index' };
/** Of records of one length, and of others. */
const LENGTHS = ['', ', varied lengths'];
const GET = 'get, at random';
const GET_MANY = 'getMany of 1,000, sorted';

const overBare = (what) => ({
  group: 'memory',
  mine: ours(what),
  other: { who: 'node', what: `node -e 0, beside ${what}` },
  ratio: (mine, other) => mine - other,
  most: true,
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
  most: true,
});

export const SINGLE_TARGETS = [
  {
    title: 'Making an index against counting: 10 million records of 100 bytes',
    note: 'In place of the ratio of speeds, the ratio of times. Varied lengths: 50 to 150 bytes.',
    rows: LENGTHS.flatMap((lengths) =>
      bothWays(`index${lengths}`).map(([suffix, mine]) => ({
        ...INDEX,
        at: `\`index\`${lengths}${suffix}`,
        mine,
        other: ours(`count${lengths}`, mine.cores),
        ratio: (index, count) => count / index,
        wanted: 1.3,
        most: true,
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
      most: true,
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
    title: '`getMany` of 1,000, ascending, records per second: five times what `get` is to reach',
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
    note: 'At random over 1 GiB, records lie a megabyte apart and no two are read together; of neighbours every fourth is got.',
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
    note: 'The most each ever had in RAM; in place of the ratio, the difference.',
    rows: ['small records', 'huge records'].map(validating),
  },
  {
    title: 'Memory of `shuffle` over a bare Node process, MiB',
    note: 'A file ten times as large as the memory it is given, 64 MiB; 60 more are what it says that the host itself needs. Its output is a permutation, the same each time, or there is no figure.',
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
    title: 'A report of image Examples of 100 KB against checking them, milliseconds',
    note: 'Whole processes, four shards. The page has features, labels and sample images, and is no larger than 2 MB, or there is no figure.',
    rows: [
      {
        group: 'stats',
        at: ({ size }) => `\`recordpipe stats --html\` of ${sizeNameAbout(size)}`,
        mine: ours('stats --html', 'all'),
        other: ours('validate images', 'all'),
        wanted: 1.5,
        most: true,
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

/** 10737418163 -> `10 GiB`: file sizes that are whole records are not round. */
function sizeNameAbout(bytes) {
  const unit = [2 ** 30, 2 ** 20].find((size) => bytes >= size - 2048);
  return unit === undefined ? sizeName(bytes) : sizeName(Math.round(bytes / unit) * unit);
}
