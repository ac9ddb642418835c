import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { countFiles, type InputNotice, validateFiles } from '../../src/check/index.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const record = encodeTFRecord(Uint8Array.of(1));
const empty = temp.file('empty.tfrecord', new Uint8Array(0));
const compressed = temp.file('empty.tfrecord.gz', gzipSync(''));
const full = temp.file('full.tfrecord', record);

test('files without records have a warning and are not ok with failOnEmpty', async () => {
  const report = await validateFiles([empty, compressed, full]);
  expect(report.ok).toBe(true);
  expect(report.files.map(({ warnings }) => warnings.map(({ code }) => code))).toEqual([
    ['empty-file'],
    ['no-records'],
    [],
  ]);
  const strict = await validateFiles([empty, compressed, full], { failOnEmpty: true });
  expect(strict.ok).toBe(false);
  expect(strict.totals.bad).toBe(2);
  expect(strict.files.map(({ ok, errors }) => [ok, errors.map(({ code }) => code)])).toEqual([
    [false, ['no-records']],
    [false, ['no-records']],
    [true, []],
  ]);
});

test('a run without files has a notice and is not ok with failOnEmpty', async () => {
  const reported: InputNotice[] = [];
  const report = await validateFiles([], { onNotice: (notice) => reported.push(notice) });
  expect(report).toMatchObject({ ok: true, files: [], notices: [{ code: 'no-files' }] });
  expect(reported).toEqual(report.notices);
  expect((await validateFiles([], { failOnEmpty: true })).ok).toBe(false);
  expect((await countFiles([])).notices).toMatchObject([{ code: 'no-files' }]);
});

test('missing shards are a notice; strictShards makes the report not ok', async () => {
  const shards = [0, 2].map((i) => temp.file(`t-0000${i}-of-00003`, record));
  const report = await validateFiles(shards);
  expect(report).toMatchObject({ ok: true, notices: [{ code: 'missing-shards', total: 3, shards: [1] }] });
  const strict = await validateFiles(shards, { strictShards: true });
  expect(strict).toMatchObject({ ok: false, totals: { files: 2, bad: 0 } });
  await expect(countFiles(shards, { strictShards: true })).rejects.toMatchObject({
    code: 'incomplete-shards',
  });
});

test('a record count that differs from dataset_info.json is a notice, or a finding with strictShards', async () => {
  const folder = join(temp.path, 'info');
  await import('node:fs').then(({ mkdirSync }) => mkdirSync(folder));
  writeFileSync(join(folder, 'd-train.tfrecord-00000-of-00001'), record);
  writeFileSync(
    join(folder, 'dataset_info.json'),
    JSON.stringify({ splits: [{ name: 'train', shardLengths: ['7'] }] }),
  );
  const { ok, notices } = await validateFiles(folder);
  expect(ok).toBe(true);
  expect(notices).toContainEqual(expect.objectContaining({ code: 'record-count', expected: 7, records: 1 }));
  const strict = await validateFiles(folder, { strictShards: true });
  expect(strict.files[0].errors).toMatchObject([{ code: 'incomplete-shards' }]);
  expect((await countFiles(folder)).notices).toContainEqual(
    expect.objectContaining({ code: 'record-count' }),
  );
});

test('a file name that is not UTF-8 is unsupported-source, not not-found', async () => {
  const name = Buffer.concat([Buffer.from(`${temp.path}/caf`), Buffer.of(0xe9), Buffer.from('.tfrecord')]);
  writeFileSync(name, record);
  const { ok, files } = await validateFiles(temp.path);
  expect(ok).toBe(false);
  const bad = files.filter(({ errors }) => errors.length > 0);
  expect(bad).toMatchObject([{ unreadable: true, errors: [{ code: 'unsupported-source' }] }]);
  expect(bad[0].errors[0].message).toMatch(/the file name is not UTF-8/);
});
