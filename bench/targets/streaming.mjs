/** Targets for the streamer. */

import { ours } from './ways.mjs';

const STREAMER = ours('streamer');
const RECORDS = ours('streamer, PipeModeDataset');
const LIMITS = [ours('ordered stream alone'), { who: 'cat' }];

const LOCAL = '`stream` of a local folder, from its start';

const one = (group, mine, at, other, wanted) => ({ group, at, mine, other, wanted });

export const STREAMING_TARGETS = [
  {
    title: 'Streamer: a file through a named pipe into `cat`, GB/s',
    rows: [one('stream file', STREAMER, '`cat FILE > FIFO`', { who: 'cat' }, 1)],
  },
  {
    title: 'Streamer: an object of S3 through a named pipe, against its ordered stream alone and `cat`, GB/s',
    note: 'The slower of the ordered stream, read by a separate process, and `cat FILE > FIFO`.',
    rows: ['limited', 'unlimited'].flatMap((kind) => [
      one(`stream s3 ${kind}`, STREAMER, `\`cat\`, ${kind}`, LIMITS, 0.8),
      one(`stream s3 ${kind}`, RECORDS, `verified records of 10 KB, ${kind}`, LIMITS, 0.7),
      ...['cat > FIFO', 'cat -c 10 -p 8 > FIFO'].map((what) =>
        one(`stream s3 ${kind}`, STREAMER, `\`s5cmd ${what}\`, ${kind}`, { who: 's5cmd', what }, 1),
      ),
      one(`stream s3 ${kind}`, STREAMER, `\`aws s3 cp - > FIFO\`, ${kind}`, { who: 'aws' }, 1),
    ]),
  },
  {
    title:
      'Streamer: an augmented manifest of 5,000 images of 20 KB, round-trip time 20 ms, images per second',
    note: 'One at a time: 50 images.',
    rows: [one('stream manifest', STREAMER, 'one at a time', { who: 'fetch' }, 20)],
  },
  {
    title: 'Streamer: time to the first byte, milliseconds',
    rows: [
      ['from the start, minus the time of a GET', 'first byte, over a GET', 150],
      ['of the next epoch', 'first byte of the next epoch', 20],
      [LOCAL, LOCAL, 120],
    ].map(([at, what, wanted]) => ({
      group: 'stream first bytes',
      at,
      mine: ours(what),
      wanted,
      atMost: true,
    })),
  },
  {
    title: 'Streamer: 32 channels, one with a stopped reader, GB/s of the other 31',
    rows: [
      one(
        'stream channels',
        ours('31 channels, and one that is not read'),
        '31 channels alone',
        ours('31 channels'),
        0.95,
      ),
    ],
  },
];
