import { describe, expect, test } from 'vitest';
import { isRecordName, isSidecar } from '../../../src/records/inputs/record-names.ts';

describe('isRecordName', () => {
  test.each([
    'a.tfrecord',
    'a.tfrecords',
    'a.tfrec',
    'a.tfr',
    'A.TFRECORD',
    'a.tfrecord.gz',
    'a.tfrecords.zlib',
    'train-00000-of-00012',
    'train-00000-of-00012.gz',
    'mnist-train.tfrecord-00000-of-00001',
    'train-00003-of-00012.tfrecord',
    'v1.0-00000-of-00002',
    'events.out.tfevents.1700000000.host',
    'events.out.tfevents.1700000000.host.1.0.v2',
    'train.rec',
    'train.recordio.gz',
    'train.rec-00000-of-00002',
    'part-00001-of-00002.rio',
    'train.record',
    'val.record-00000-of-00001',
    '000000000000_worker_0.tfevents',
  ])('%s is a record name', (name) => expect(isRecordName(name)).toBe(true));

  test.each([
    '.a.tfrecord',
    '.a.tfrecord.1234.tmp',
    'a.tfrecord.json',
    'a.tfrecord.idx',
    'README.md',
    'tfrecord',
    'model.ckpt.data-00000-of-00001',
    'model.ckpt.index',
    'mnist-train.array_record-00000-of-00001',
    'part-00000-of-00002.parquet',
    'data.csv-00000-of-00002',
    'train.idx',
    'train.rec.rpidx',
    'train.tfrecord.idx.gz',
    'labels.txt',
    'lines.jsonl',
  ])('%s is not a record name', (name) => expect(isRecordName(name)).toBe(false));
});

describe('of one format only', () => {
  test.each([
    ['tfrecord', 'a.tfrecord', 'a.rec'],
    ['recordio', 'a.rec', 'a.tfrecord'],
    ['recordio', 'a-00000-of-00002', 'a.tfrecord-00000-of-00002'],
    ['recordio', 'a.recordio.gz', 'events.out.tfevents.1700000000.host'],
    ['textline', 'a.txt', 'a.tfrecord'],
    ['textline', 'a.jsonl.gz', 'a.json'],
    ['textline', 'a.csv-00000-of-00002', 'a.rec-00000-of-00002'],
    ['textline', 'train.manifest', 'README'],
  ] as const)('%s: %s, not %s', (format, one, none) => {
    expect(isRecordName(one, format)).toBe(true);
    expect(isRecordName(none, format)).toBe(false);
  });
});

test.each([
  ['a.tfrecord.rpidx', true],
  ['train.idx', true],
  ['_SUCCESS', true],
  ['_committed_123', true],
  ['.part-00000.crc', true],
  ['a.tfrecord', false],
  ['_train.tfrecord', false],
  ['idx', false],
])('%s is a sidecar: %s', (name, expected) => expect(isSidecar(name)).toBe(expected));
