/** Targets for the kernel and for TFRecord files, by size. */

import { KERNEL_SIZES } from '../corpus.mjs';
import { bothWays, everywhere, ours, VIEWS } from './ways.mjs';

const KERNEL_WAYS = [
  ['', ours('crc32c')],
  [', in kernel memory', ours('crc32c in kernel memory')],
];

const TO_AWS = { 64: 1.3, 256: 1.1, 1024: 0.9, 4096: 0.8, 16384: 0.8, 262144: 0.8, 4194304: 0.8 };
const TO_NODE_RS = { ...everywhere(1.3, KERNEL_SIZES), 65536: 2.5, 262144: 2.5, 4194304: 2.5 };
const TO_DD = { 100: 0.2, 1000: 0.3, 10000: 0.6, 100000: 0.6 };

export const TFRECORD_TARGETS = [
  {
    title: 'Kernel against `aws-crt`',
    note: 'In kernel memory, as in `validate`. Other inputs are copied there first, which is part of the call.',
    group: 'kernel',
    ways: KERNEL_WAYS,
    others: { who: 'aws-crt' },
    wanted: TO_AWS,
  },
  {
    title: 'Kernel against `@node-rs/crc32`',
    group: 'kernel',
    ways: KERNEL_WAYS,
    others: { who: '@node-rs/crc32' },
    wanted: TO_NODE_RS,
  },
  {
    title: 'TFRecord: `validate` in-process against `dd bs=1M of=/dev/null`',
    note: "dd's own figure excludes its startup. Unless kept on one core, `validate` reads the next chunk on another thread while it checks one.",
    group: 'read',
    format: 'tfrecord',
    ways: bothWays('validate'),
    others: { who: 'limit', what: 'dd, by its own clock' },
    wanted: TO_DD,
  },
  {
    title: "TFRecord: `validate` in-process against TensorFlow's fastest way",
    note: 'The fastest of its ways.',
    group: 'read',
    format: 'tfrecord',
    ways: bothWays('validate'),
    others: { who: 'tensorflow' },
    wanted: everywhere(3.5),
  },
  {
    title: 'TFRecord: `validateFiles`: two files on two cores against one core',
    note: 'Against the same two files in sequence, on all cores and on one.',
    group: 'several',
    format: 'tfrecord',
    ways: [['', ours('jobs 2', 'all')]],
    others: ours('jobs 1', 'all'),
    wanted: everywhere(1.6),
  },
  {
    group: 'several',
    format: 'tfrecord',
    ways: [[', against one core', ours('jobs 2', 'all')]],
    others: ours('jobs 1', 'one'),
    wanted: everywhere(1.6),
  },
  {
    title: 'TFRecord: views against `tf_record_iterator`',
    group: 'read',
    format: 'tfrecord',
    ways: VIEWS,
    others: { who: 'tensorflow', what: 'tf_record_iterator' },
    wanted: everywhere(2),
  },
  {
    title: 'TFRecord: views against npm `tfrecord`',
    group: 'read',
    format: 'tfrecord',
    ways: VIEWS,
    others: { who: 'npm-tfrecord' },
    wanted: everywhere(30),
  },
  {
    title: 'TFRecord: batches against `validate`',
    group: 'read',
    format: 'tfrecord',
    ways: [
      ['', ours('batches', 'all')],
      [', reuse', ours('batches, reuse', 'all')],
    ],
    others: ours('validate', 'all'),
    wanted: everywhere(0.8),
  },
  {
    group: 'read',
    format: 'tfrecord',
    ways: [
      [', one core', ours('batches', 'one')],
      [', reuse, one core', ours('batches, reuse', 'one')],
    ],
    others: ours('validate', 'one'),
    wanted: everywhere(0.8),
  },
  {
    title: "TFRecord: writing against TensorFlow's `TFRecordWriter`",
    group: 'write',
    format: 'tfrecord',
    ways: [
      ...bothWays('openTFRecordWriter'),
      ...bothWays('openTFRecordWriter, blocking').map(([suffix, way]) => [`, blocking${suffix}`, way]),
    ],
    others: { who: 'tensorflow' },
    wanted: everywhere(1.5),
  },
];

/** The targets of whole processes on files. */
const FILES = { group: 'files many small' };
const READ = { who: 'tensorflow', what: 'TFRecordDataset' };
const LARGE = 'files one large';

export const FILE_TARGETS = [
  {
    title: 'One large file: two jobs against one, GB/s',
    note: 'The limit is what a second `dd` gains.',
    rows: [
      { what: 'validate, jobs 2', other: ours('validate, jobs 1'), wanted: 1.6 },
      { what: 'dd twice, each half of the file', who: 'limit', other: { what: 'dd' }, wanted: 1 },
    ].map(({ what, who = 'recordpipe', ...rest }) => ({
      group: LARGE,
      at: what,
      mine: { who, what },
      ...rest,
    })),
  },
  {
    title: '10,000 files of 1 KB, milliseconds',
    rows: Object.entries({ validate: 2500, count: 2500, stats: 6000 }).map(([what, wanted]) => ({
      ...FILES,
      at: `\`${what}\``,
      mine: ours(what),
      wanted,
      atMost: true,
    })),
  },
  {
    title: '10,000 files of 1 KB: how many times as fast as TensorFlow reads them',
    rows: ['validate', 'count', 'stats'].map((what) => ({
      ...FILES,
      at: `\`${what}\``,
      mine: ours(what),
      other: READ,
      ratio: (mine, other) => other / mine,
      wanted: 4,
    })),
  },
];
