import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { encodeRecordIO, encodeTFRecord } from '../../../src/formats/index.ts';
import { expand } from '../../../src/records/inputs/expand.ts';
import type { ExpandOptions, InputNotice, SkippedFiles } from '../../../src/records/inputs/input-options.ts';
import { DOES_ALL_RUNS } from '../../support/random-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
const at = (...parts: string[]): string => join(temp.path, ...parts);
const TFRECORD = encodeTFRecord(Uint8Array.of(1, 2, 3));

function folder(name: string, files: Record<string, Uint8Array | string>): string {
  for (const [file, bytes] of Object.entries(files)) {
    mkdirSync(at(name, file, '..'), { recursive: true });
    writeFileSync(at(name, file), bytes);
  }
  return at(name);
}

/** Returns the files below a folder, and the skipped files by reason. */
async function found(
  input: string,
  options: ExpandOptions = {},
): Promise<{ files: string[]; skipped: Record<string, readonly string[]>; notices: readonly InputNotice[] }> {
  const base = input.replace(/[*{[].*/, '').replace(/\/$/, '');
  const { files, notices } = await expand([input], options);
  const skipped = notices.filter((notice): notice is SkippedFiles => notice.code === 'skipped-files');
  return {
    files: files.map(({ path }) => path.slice(base.length + 1)),
    skipped: Object.fromEntries(skipped.map(({ reason, names }) => [reason, names])),
    notices,
  };
}

test('a folder includes files by name, or by contents if the name is unknown, and lists the rest with the reason', async () => {
  const path = folder('mixed', {
    'train.record': 'damaged',
    'part-r-00000': TFRECORD,
    'part-r-00001': TFRECORD.subarray(0, 10),
    data_gz: gzipSync(TFRECORD),
    'x.bin': encodeRecordIO(Uint8Array.of(1)),
    'deep/er/y.tfrecord': '',
    'a.tfrecord.zst': '\x28\xb5\x2f\xfd',
    'a.tfrecord.snappy': '',
    'README.md': 'text',
    LICENSE: 'text',
    'model.bin': Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13),
    none: '',
    _SUCCESS: '',
    'a.tfrecord.rpidx': '',
    '.git/x.tfrecord': '',
    '.x.crc': '',
  });
  const { files, skipped, notices } = await found(path);
  expect(files).toEqual([
    'data_gz',
    'deep/er/y.tfrecord',
    'part-r-00000',
    'part-r-00001',
    'train.record',
    'x.bin',
  ]);
  const sorted = Object.fromEntries(Object.entries(skipped).map(([why, names]) => [why, [...names].sort()]));
  expect(sorted).toEqual({
    compression: ['a.tfrecord.snappy', 'a.tfrecord.zst'],
    'other-name': ['README.md'],
    'other-contents': ['LICENSE', 'model.bin', 'none'],
    marker: ['_SUCCESS'],
    index: ['a.tfrecord.rpidx'],
    hidden: ['.git/', '.x.crc'],
  });
  const zstd = notices.find((notice) => notice.code === 'skipped-files' && notice.reason === 'compression');
  expect(zstd?.message).toMatch(/skipped 2 files, unsupported compression.*a\.tfrecord\.zst \(zstd\)/);
});

test('a notice counts all skipped files and names the first 10 in sorted order', async () => {
  const path = folder('many', { 'a.tfrecord': '' });
  for (let i = 0; i < 30; i++) writeFileSync(join(path, `note-${i}.txt`), '');
  const [notice] = (await found(path)).notices as SkippedFiles[];
  expect(notice).toMatchObject({ reason: 'other-name', count: 30 });
  const sorted = Array.from({ length: 30 }, (_, i) => `note-${i}.txt`).sort();
  expect(notice.names).toEqual(sorted.slice(0, 10));
  expect(notice.message).toMatch(/and 20 more$/);
});

test('a folder with only skipped files is an error that names them', async () => {
  const path = folder('nothing', { 'a.zst': '', 'b.txt': '' });
  await expect(found(path)).rejects.toMatchObject({
    code: 'not-found',
    message: expect.stringMatching(/skipped 1 file.*a\.zst.*b\.txt|b\.txt.*a\.zst/),
  });
});

test('include and exclude apply to folders and patterns, never to an explicitly named file', async () => {
  const path = folder('chosen', { 'a.tfrecord': '', 'b.tfrecord': '', 'c.dat': '', 'old/a.tfrecord': '' });
  const names = async (options: ExpandOptions, input = path): Promise<string[]> =>
    (await found(input, options)).files;
  expect(await names({ include: ['*.dat', 'a.*'] })).toEqual(['a.tfrecord', 'c.dat', 'old/a.tfrecord']);
  expect(await names({ exclude: ['old/**'] })).toEqual(['a.tfrecord', 'b.tfrecord']);
  expect(await names({ include: ['**/a.tfrecord'], exclude: ['old/*'] })).toEqual(['a.tfrecord']);
  expect(await names({ exclude: ['b*'] }, `${path}/*`)).toEqual(['a.tfrecord', 'c.dat']);
  const { files } = await expand([`${path}/b.tfrecord`], { exclude: ['b*'] });
  expect(files).toHaveLength(1);
  expect((await found(path, { exclude: ['b*'] })).skipped).toEqual({
    excluded: ['b.tfrecord'],
    'other-contents': ['c.dat'],
  });
  await expect(expand([path], { include: [''] })).rejects.toThrow(UsageError);
});

test('characters without a meaning in shells are literal in patterns', async () => {
  for (const name of ['x(1)', 'a|b', '!bang', 'o{pen']) {
    const path = folder(name, { 't.tfrecord': '' });
    expect((await expand([`${path}/*`], {})).files).toEqual([{ path: `${path}/t.tfrecord` }]);
  }
  folder('x1', { 'other.tfrecord': '' });
  expect((await expand([`${at('x(1)')}/*`], {})).files).toHaveLength(1);
});

test('missing, surplus and mixed shards are reported, also for shards named one by one, but not for a single one', async () => {
  const path = folder('shards', {
    'gap-00000-of-00004': '',
    'gap-00003-of-00004': '',
    'old-0-of-2.tfrecord': '',
    'old-1-of-2.tfrecord': '',
    'old-0-of-1.tfrecord': '',
    'past-00002-of-00002': '',
  });
  const about = async (...inputs: string[]): Promise<unknown[]> =>
    (await expand(inputs, {})).notices.map((notice) => ({ ...notice, message: '' }));
  const gap = {
    code: 'missing-shards',
    uri: join(path, 'gap-*-of-00004'),
    total: 4,
    count: 2,
    shards: [1, 2],
  };
  expect(await about(path)).toEqual([
    { ...gap, message: '' },
    {
      code: 'mixed-shards',
      uri: join(path, 'old-*-of-*.tfrecord'),
      total: 2,
      count: 2,
      shards: [1, 2],
      message: '',
    },
    {
      code: 'surplus-shards',
      uri: join(path, 'past-*-of-00002'),
      total: 2,
      count: 1,
      shards: [2],
      message: '',
    },
    {
      code: 'missing-shards',
      uri: join(path, 'past-*-of-00002'),
      total: 2,
      count: 2,
      shards: [0, 1],
      message: '',
    },
  ]);
  expect(await about(join(path, 'gap-00000-of-00004'), join(path, 'gap-00003-of-00004'))).toEqual([
    { ...gap, message: '' },
  ]);
  expect(await about(join(path, 'gap-00000-of-00004'))).toEqual([]);
  await expect(expand([path], { strictShards: true })).rejects.toMatchObject({
    code: 'incomplete-shards',
    message: expect.stringMatching(/2 of 4 shards of .*gap-\*-of-00004 are missing: 00001, 00002/),
  });
});

test('a set whose names declare a billion shards takes no memory for them', async () => {
  const path = folder('huge', { 'a-0-of-999999999': '', 'a-1-of-999999999': '' });
  const { notices } = await expand([path], {});
  expect(notices).toMatchObject([{ code: 'missing-shards', count: 999_999_997 }]);
});

test('dataset_info.json gives the numbers of shards and records', async () => {
  const splits = [
    { name: 'train', shardLengths: ['1', '2'] },
    { name: 'test', shardLengths: ['5', '5', '5'] },
  ];
  const path = folder('tfds', {
    'mnist-train.tfrecord-00000-of-00002': '',
    'mnist-train.tfrecord-00001-of-00002': '',
    'mnist-test.tfrecord-00000-of-00001': '',
    'dataset_info.json': JSON.stringify({ splits }),
  });
  const { files, notices } = await expand([path], {});
  expect(files.map(({ expectedRecords }) => expectedRecords)).toEqual([undefined, 1, 2]);
  expect(notices.filter(({ code }) => code !== 'skipped-files')).toMatchObject([
    {
      code: 'dataset-info',
      total: 3,
      message: expect.stringMatching(/3 shards of split "test", but the file names specify 1/),
    },
  ]);
});

test('a named pipe in a folder is skipped, and read if it is named explicitly', async () => {
  const path = folder('pipes', { 'a.tfrecord': '' });
  execFileSync('mkfifo', [join(path, 'x.tfrecord')]);
  symlinkSync(join(path, 'x.tfrecord'), join(path, 'link.tfrecord'));
  const { files, skipped } = await found(path);
  expect(files).toEqual(['a.tfrecord']);
  expect([...skipped['special-file']].sort()).toEqual(['link.tfrecord', 'x.tfrecord']);
  expect((await expand([join(path, 'x.tfrecord')], {})).files).toHaveLength(1);
});

test('a list named twice is read once, and one that contains itself is rejected', async () => {
  for (let i = 0; i < 25; i++)
    writeFileSync(at(`list${i}`), i === 24 ? at('a') : `@${at(`list${i + 1}`)}\n@${at(`list${i + 1}`)}\n`);
  // Without remembering lists, this would read 2^24 of them.
  expect((await expand([`@${at('list0')}`], {})).files).toEqual([{ path: at('a') }]);
  writeFileSync(at('one'), `@${at('two')}\n`);
  writeFileSync(at('two'), `@${at('one')}\n`);
  await expect(expand([`@${at('one')}`], {})).rejects.toThrow(/contains itself/);
});

test.runIf(DOES_ALL_RUNS)('a folder and a list of 150,000 files are expanded', async () => {
  const names = Array.from({ length: 150_000 }, (_, i) => `f${i}.tfrecord`);
  writeFileSync(at('long-list'), names.join('\n'));
  expect((await expand([`@${at('long-list')}`], {})).files).toHaveLength(150_000);
});

test('a pattern skips the indexes beside the data, unless it is a pattern for indexes', async () => {
  const path = folder('indexed', { 'a.tfrecord': '', 'a.tfrecord.rpidx': '', 'b.rec': '', 'b.idx': '' });
  const { files, notices } = await found(join(path, '*'));
  expect(files).toEqual(['a.tfrecord', 'b.rec']);
  expect(notices).toMatchObject([{ reason: 'index', names: ['a.tfrecord.rpidx', 'b.idx'] }]);
  expect((await found(join(path, '*.idx'))).files).toHaveLength(1);
  expect((await found(join(path, '*'), { include: ['*.rpidx'] })).files).toHaveLength(1);
});
