import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Dataset } from '../../src/dataset/index.ts';
import { encodeRecordIO, encodeTFRecord } from '../../src/formats/index.ts';
import { readRecordBatches, readRecords, scanRecords } from '../../src/records/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const folder = join(temp.path, 'data');
mkdirSync(folder);
writeFileSync(join(folder, 'a.tfrecord'), encodeTFRecord(Uint8Array.of(1)));
writeFileSync(join(folder, 'b.rec'), encodeRecordIO(Uint8Array.of(2, 2)));
writeFileSync(join(folder, 'c'), encodeTFRecord(Uint8Array.of(3, 3, 3)));
writeFileSync(join(folder, 'notes.txt'), 'no records');
const list = temp.file('list', Buffer.from(`${folder}/c\n${folder}/a.tfrecord\n`));

async function lengths(records: AsyncIterable<Uint8Array>): Promise<number[]> {
  const found: number[] = [];
  for await (const record of records) found.push(record.length);
  return found;
}

test.each([
  ['a folder', folder, [1, 2, 3]],
  ['a folder with a slash', `${folder}/`, [1, 2, 3]],
  ['a pattern', `${folder}/{a,b}.*`, [1, 2]],
  ['a list', `@${list}`, [3, 1]],
  ['an array of paths and patterns', [`${folder}/c`, `${folder}/*.rec`], [3, 2]],
] as const)('readRecords reads the files of %s', async (_, source, expected) => {
  const reader = readRecords(source as string);
  expect(await lengths(reader)).toEqual(expected);
  expect(reader.stats.records).toBe(expected.length);
  const batches: number[] = [];
  for await (const batch of readRecordBatches(source as string)) batches.push(batch.length);
  expect(batches).toEqual(expected.map(() => 1));
  expect(await lengths(Dataset.records(source as string))).toEqual(expected);
});

test('scanRecords returns the sums of the files of a folder', async () => {
  const { records, payloadBytes, errorCount, format } = await scanRecords(folder);
  expect({ records, payloadBytes, errorCount, format }).toEqual({
    records: 3,
    payloadBytes: 6,
    errorCount: 0,
    format: 'tfrecord',
  });
});

test('a folder without records is an error', async () => {
  const none = join(temp.path, 'none');
  mkdirSync(none);
  await expect(lengths(readRecords(none))).rejects.toMatchObject({ code: 'not-found' });
});
