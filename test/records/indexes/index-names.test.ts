import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import {
  buildIndex,
  checkIndex,
  defaultIndexPath,
  openMXIndexedRecordIO,
} from '../../../src/records/indexes/index.ts';
import { oracleFileRecordIO } from '../../support/oracle-recordio.ts';
import { oracleFile } from '../../support/oracle-tfrecord.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
const payloads = [1, 2, 3, 4].map((value) => Uint8Array.of(value));
const rec = temp.file('plain.rec', oracleFileRecordIO(payloads));
const idx = join(temp.path, 'plain.idx');
const longIdx = join(temp.path, 'plain.rec.idx');

beforeEach(() => {
  for (const path of [idx, longIdx]) rmSync(path, { force: true });
});

describe('indexes for other tools have the names that they expect', () => {
  test('the extension is replaced, unless it is part of the name', () => {
    const names = ['train.rec', 'train.tfrecord', 'dir.d/train', 'train.tfrecord-00000-of-00010', 'part.0'];
    expect(names.map((name) => defaultIndexPath(name, 'mx'))).toEqual([
      'train.idx',
      'train.idx',
      'dir.d/train.idx',
      'train.tfrecord-00000-of-00010.idx',
      'part.0.idx',
    ]);
    expect(defaultIndexPath('train.rec', 'rpidx')).toBe('train.rec.rpidx');
  });

  test('an existing index is rebuilt and checked in place, under either name', async () => {
    expect((await buildIndex(rec, { kind: 'mx' })).indexPath).toBe(idx);
    copyFileSync(idx, longIdx);
    rmSync(idx);
    expect((await buildIndex(rec, { kind: 'mx' })).indexPath).toBe(longIdx);
    expect((await checkIndex(rec, { kind: 'mx' })).indexPath).toBe(longIdx);
    expect(existsSync(idx)).toBe(false);
  });

  test('the index of another file of the same name is not replaced', async () => {
    await buildIndex(rec, { kind: 'mx' });
    const before = readFileSync(idx, 'utf8');
    const tfrecord = temp.file('plain.tfrecord', oracleFile(payloads));
    const { indexPath } = await buildIndex(tfrecord, { kind: 'vahidk' });
    expect(indexPath).toBe(`${tfrecord}.idx`);
    expect(readFileSync(idx, 'utf8')).toBe(before);
    expect((await checkIndex(tfrecord, { kind: 'vahidk' })).records).toBe(4);
  });

  test('an index of another kind beside the file is not used', async () => {
    await expect(checkIndex(rec, { kind: 'mx' })).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining('expected an index of kind mx'),
    });
  });
});

describe('repeated keys of an MXNet index', () => {
  test('the error counts the unreachable records and names the keys', async () => {
    writeFileSync(idx, '0\t0\n0\t12\n7\t24\n7\t36\n');
    await expect(checkIndex(rec, { kind: 'mx' })).rejects.toMatchObject({
      code: 'index-mismatch',
      message: expect.stringMatching(
        /repeats keys 0 \(on 2 lines\), 7 \(on 2 lines\): 2 of 4 records cannot/,
      ),
    });
    const reader = await openMXIndexedRecordIO(idx, rec);
    expect(await reader.get(0)).toEqual(payloads[1]);
    await reader.close();
  });

  test('a repeated line hides no record', async () => {
    writeFileSync(idx, 'a\t0\nb\t12\nc\t24\nd\t36\nd\t36\n');
    expect((await checkIndex(rec)).records).toBe(4);
  });
});
