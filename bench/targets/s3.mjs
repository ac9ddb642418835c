/** Targets for S3 objects. */

import { ours } from './ways.mjs';

const AWS = { who: 'aws' };
const S5CMD = { who: 's5cmd', what: 'cat' };
const TUNED = { who: 's5cmd', what: 'cat -c 10 -p 8' };
const CURL = { who: 'curl' };

const one = (group, mine, at, other, wanted) => ({ group, at, mine: ours(mine), other, wanted });
const limited = (...row) => one('s3 limited', 'openObject', ...row);
const unlimited = (...row) => one('s3 unlimited', 'openObject', ...row);

/** Programs that only download the shards. */
const DOWNLOADS = [
  'readObjects',
  "cat 'prefix/*'",
  "cat -c 10 -p 8 'prefix/*'",
  "cp 'prefix/*' FOLDER",
  's3 cp --recursive',
];

export const S3_TARGETS = [
  {
    title: 'S3: one object, 90 MiB/s per connection, GB/s',
    rows: [
      limited('`s5cmd cat`', S5CMD, 1.3),
      limited('`aws s3 cp -`', AWS, 1.2),
      limited('`curl`', CURL, 4),
    ],
  },
  {
    title: 'S3: one object, connections without a limit, GB/s',
    rows: [
      unlimited('`aws s3 cp -`', AWS, 1),
      unlimited('`s5cmd cat -c 10 -p 8`', TUNED, 0.8),
      one('s3 unlimited', 'openObject, single', '`curl`, a single stream', CURL, 0.7),
    ],
  },
  {
    title: 'S3: the HTTP client against undici, GB per second of processor time',
    note: 'Below 1.3, recordpipe would use undici and delete its own client.',
    rows: ['', ', limited connections'].map((suffix) =>
      one(
        's3 client processor',
        `openObject${suffix}`,
        `the same over undici${suffix}`,
        ours(`openObject over undici${suffix}`),
        1.3,
      ),
    ),
  },
  {
    title: 'S3: 2,000 objects of 64 KiB, round-trip time 20 ms, objects per second',
    rows: [
      one(
        's3 small objects',
        'readObjects',
        "`s5cmd cat 'prefix/*'`",
        { who: 's5cmd', what: "cat 'prefix/*'" },
        5,
      ),
    ],
  },
  {
    title: 'S3: `validate` of 40 shards against downloading them, GB/s',
    note: 'Files are written to memory.',
    rows: ['', ', limited connections'].flatMap((suffix) =>
      DOWNLOADS.map((what) => ({
        group: 's3 validate',
        at: `\`${what}\`${suffix}`,
        mine: ours(`validate${suffix}`),
        other: { what: `${what}${suffix}` },
        wanted: 0.9,
      })),
    ),
  },
  {
    title: 'S3: memory while the reader pauses for a minute, MiB',
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
