import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import {
  convertFile,
  mergeFiles,
  repairFile,
  sampleFile,
  shuffleFile,
  splitFile,
} from '../../src/transform/index.ts';
import { failureOf, namesIn } from '../records/write/written.ts';
import { Random } from '../support/random.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';
import { fileOf } from './kinds.ts';

const temp = tempDir();
const MIB = 1024 * 1024;
const random = new Random(1);
const payloads = Array.from({ length: 60 }, () => random.bytes(50_000));
const source = temp.file('in.tfrecord', fileOf('tfrecord', payloads));

/** Mounts a file system of 1 MiB, if the machine allows the tests to do so. */
function smallDisk(): string | undefined {
  const place = temp.file('small-disk');
  mkdirSync(place);
  const { status } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'recordpipe-test', place]);
  if (status !== 0) return undefined;
  afterAll(() => spawnSync('umount', ['-l', place]));
  return place;
}

/** Every function that writes files, given a folder. */
const WAYS: Record<string, (folder: string) => Promise<unknown>> = {
  convert: (folder) => convertFile(source, join(folder, 'out.rec')),
  'convert, compressing': (folder) => convertFile(source, join(folder, 'out.b64.gz')),
  repair: (folder) => repairFile(source, join(folder, 'out.rec')),
  merge: (folder) => mergeFiles([source, source], join(folder, 'out.rec')),
  'split by count': (folder) => splitFile(source, join(folder, 'out'), { recordsPerShard: 5 }),
  'split by hash': (folder) => splitFile(source, join(folder, 'out'), { hashShards: 7 }),
  shuffle: (folder) => shuffleFile(source, join(folder, 'out.rec')),
  'shuffle, temporary files': (folder) =>
    shuffleFile(source, temp.file('never.rec'), { memoryBytes: MIB, tempDir: folder }),
  sample: (folder) => sampleFile(source, join(folder, 'out.rec'), { fraction: 0.9 }),
  'sample, temporary file': (folder) =>
    sampleFile(source, temp.file('never.rec'), { records: 50, tempDir: folder }),
};

const disk = smallDisk();

describe.runIf(disk !== undefined)('a full disk is an error and leaves no files', () => {
  test.each(Object.entries(WAYS))('%s', async (_, way) => {
    const error = await failureOf(() => way(disk!));
    expect(error.code).toBe('io-failure');
    expect(error.message).toContain('no space left');
    expect(namesIn(disk!)).toEqual([]);
    expect(openDescriptors(disk!)).toBe(0);
    expect(namesIn(temp.path)).toEqual(['in.tfrecord', 'small-disk']);
  });
});

describe('a read-only folder is an error', () => {
  const place = temp.file('locked');
  const root = process.geteuid?.() === 0;

  test.each(Object.entries(WAYS))('%s', async (_, way) => {
    mkdirSync(place);
    chmodSync(place, 0o555);
    if (root) chmodSync(temp.path, 0o777);
    if (root) process.seteuid!(65_534);
    try {
      expect((await failureOf(() => way(place))).code).toBe('access-denied');
      expect(namesIn(place)).toEqual([]);
    } finally {
      if (root) process.seteuid!(0);
      spawnSync('rm', ['-r', place]);
    }
  });
});

test('a name that is too long for the file system is an error', async () => {
  const output = temp.file(`${'x'.repeat(300)}.rec`);
  writeFileSync(temp.file('small.tfrecord'), fileOf('tfrecord', [new Uint8Array(3)]));
  const error = await failureOf(() => convertFile(temp.file('small.tfrecord'), output));
  expect(error.message).toContain('name is too long');
});
