/** Targets for loading images. */

import { ours } from './ways.mjs';

const OURS = 'Dataset.shuffle.batch.prefetch';
const THEIRS = 'TFRecordDataset.shuffle.batch.parse.prefetch';
const COPIED = 's5cmd cp, then ';

/** Programs, by place. */
const OTHERS = {
  disk: [
    ['vahidk', 'tfrecord_loader'],
    ['npm-tfrecord', 'createReader'],
    ['roboflow', 'TFRecordsReader'],
    ['loaders', 'WebDataset'],
    ['loaders', 'mosaicml-streaming'],
    ['dali', 'DALI'],
  ],
  s3: [
    ['tensorflow', COPIED + THEIRS],
    ['vahidk', `${COPIED}tfrecord_loader`],
    ['npm-tfrecord', `${COPIED}createReader`],
    ['roboflow', `${COPIED}TFRecordsReader`],
    ['loaders', 'WebDataset'],
    ['loaders', 'mosaicml-streaming'],
    ['dali', 'DALI'],
  ],
};

const TENSORFLOW = {
  disk: { who: 'tensorflow', wanted: 2 },
  s3: { who: 'tensorflow-io', wanted: 3 },
};

const row = (where, jobs, other, wanted) => ({
  group: `images ${where}`,
  at: `\`${other.what}\`${jobs}`,
  mine: ours(OURS + jobs),
  other: { ...other, what: other.what + jobs },
  wanted,
});

export const IMAGE_TARGETS = Object.entries(OTHERS).map(([where, others]) => ({
  title: `Images with labels ${where === 's3' ? 'through S3, round-trip time 20 ms' : 'from disk'}: \`Dataset\``,
  rows: ['', ', jobs 2'].flatMap((jobs) => [
    row(where, jobs, { who: TENSORFLOW[where].who, what: THEIRS }, TENSORFLOW[where].wanted),
    ...others.map(([who, what]) => row(where, jobs, { who, what }, 1)),
  ]),
}));
