/** Targets for S3 objects. */

import { ours } from './ways.mjs';

const AWS = { who: 'aws' };
const S5CMD = { who: 's5cmd', what: 'cat' };
const TUNED = { who: 's5cmd', what: 'cat -c 10 -p 8' };
const CURL = { who: 'curl' };

const one = (group, mine, at, other, wanted) => ({ group, at, mine: ours(mine), other, wanted });
const limited = (...row) => one('s3 limited', 'openObject', ...row);
const unlimited = (...row) => one('s3 unlimited', 'openObject', ...row);

const COPY = "cp 'prefix/*' FOLDER";
const SHARDS = ['', ', HTTPS', ', limited connections', ', limited connections, HTTPS'];

/** Rows that compare `validate` of a prefix with copying it by `s5cmd`. */
const againstCopying = (group, suffixes, limit) =>
  suffixes.map((suffix) => ({
    group,
    at: `\`s5cmd ${COPY}\`${suffix}`,
    mine: ours(`validate${suffix}`),
    other: { who: 's5cmd', what: COPY + suffix },
    ...limit,
  }));

export const S3_TARGETS = [
  {
    title: 'S3: one object, 90 MiB/s per connection, GB/s',
    rows: [limited('`s5cmd cat`', S5CMD, 1.3), limited('`aws s3 cp -`', AWS, 1.2)],
  },
  {
    title: 'S3: one object, connections without a limit, GB/s',
    rows: [
      unlimited('`aws s3 cp -`', AWS, 1),
      unlimited('`s5cmd cat -c 10 -p 8`', TUNED, 0.8),
      one('s3 unlimited', 'openObject, single', '`curl`, a single stream', CURL, 0.7),
    ],
  },
  ...[
    ['s3 validate', '40 shards', SHARDS],
    ['s3 small objects', '2,000 objects of 64 KiB, round-trip time 20 ms', SHARDS.slice(0, 2)],
  ].flatMap(([group, objects, suffixes]) => [
    {
      title: `S3: \`validate\` of ${objects} against copying them into memory`,
      rows: againstCopying(group, suffixes, { wanted: 1 }),
    },
    {
      title: `S3: the same, processor seconds per GB`,
      rows: againstCopying(`${group} processor`, suffixes, { wanted: 1.2, atMost: true }),
    },
  ]),
  {
    title: 'S3: memory while the reader pauses, MiB',
    note: 'The limit is 100 MiB plus 1.1 times the window. Without a figure, a request was sent twice.',
    rows: [32, 64, 128].map((mebibytes) => ({
      group: 's3 stopped reader',
      at: `window of ${mebibytes} MiB`,
      mine: ours(`window ${mebibytes} MiB`),
      wanted: Math.round(100 + 1.1 * mebibytes),
      atMost: true,
    })),
  },
  {
    title: 'S3: 64 parts at once while the service answers 500 for three seconds',
    rows: [{ group: 's3 outage', at: 'parts that arrived', mine: ours('of 64 parts'), wanted: 64 }],
  },
];
