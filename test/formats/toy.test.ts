import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { countFiles, expandInputs, validateFiles } from '../../src/check/index.ts';
import type { FormatName } from '../../src/formats/names/index.ts';
import { registerFormat } from '../../src/formats/registry.ts';
import { detectFormat, readRecords, scanRecords } from '../../src/index.ts';
import { buildIndex, openIndexed } from '../../src/records/indexes/index.ts';
import { RANGE_LIMITS } from '../../src/records/workers/range-plan.ts';
import { openRecordShards, openRecordWriter } from '../../src/records/write/index.ts';
import { convertFile, kindOfName } from '../../src/transform/index.ts';
import { cli } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';
import { toyFormat } from './toy/format.ts';
import { FRAME_BYTES, MAGIC, PAYLOAD_BYTES } from './toy/layout.ts';

const RECORDS = 1000;
const format = 'toy' as FormatName;
const temp = tempDir();
const record = (i: number): Uint8Array => new Uint8Array(PAYLOAD_BYTES).fill(i);

/** Writes a file of 1000 records through the public API. */
async function written(name: string): Promise<string> {
  const path = temp.file(name);
  const writer = await openRecordWriter(path, { format, overwrite: true });
  for (let i = 0; i < RECORDS; i++) await writer.write(record(i));
  await writer.close();
  return path;
}

describe('a format of one folder and one registry entry', () => {
  let remove: () => void;
  beforeAll(() => {
    remove = registerFormat(toyFormat);
  });
  afterAll(() => remove());

  test('is checked by one thread, because it defines no way to find records', async () => {
    const limits = { ...RANGE_LIMITS };
    RANGE_LIMITS.minBytes = RANGE_LIMITS.maxBytes = 1000;
    try {
      const path = await written('ranges.toy');
      // A worker thread would not know the format.
      const { ok, totals } = await validateFiles(path, { jobs: 2 });
      expect({ ok, records: totals.records }).toEqual({ ok: true, records: RECORDS });
    } finally {
      Object.assign(RANGE_LIMITS, limits);
    }
  });

  test('is written and read', async () => {
    const path = await written('read.toy');
    expect(readFileSync(path).length).toBe(RECORDS * FRAME_BYTES);
    const read: number[] = [];
    for await (const payload of readRecords(path)) read.push(payload[PAYLOAD_BYTES - 1]);
    expect(read).toEqual(Array.from({ length: RECORDS }, (_, i) => i % 256));
    for await (const payload of readRecords(path, { start: { offset: 160, record: 10 } })) {
      expect(payload).toEqual(record(10));
      break;
    }
  });

  test('compressed, appended to, and in shards', async () => {
    const path = temp.file('more.toy.gz');
    for (const append of [false, true]) {
      const writer = await openRecordWriter(path, { format, compression: 'gzip', append });
      await writer.write(record(1));
      await writer.close();
    }
    expect(await scanRecords(path)).toMatchObject({ format, compression: 'gzip', records: 2 });
    const shards = openRecordShards(temp.file('shard'), { format, maxShardBytes: 100, suffix: '.toy' });
    expect(() => shards.write(new Uint8Array(5))).toThrow('toy: a record has 12 bytes');
    for (let i = 0; i < 20; i++) await shards.write(record(i));
    expect((await shards.close()).length).toBe(4);
  });

  test('is detected by its content and by its name', async () => {
    expect(detectFormat(readFileSync(await written('detect.toy')))).toEqual({
      format,
      reason: 'it begins with the toy magic',
    });
    expect(detectFormat(Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)).reason).toContain('not a toy');
    expect(kindOfName('a.toy.gz')).toEqual({ format, compression: 'gzip' });
    const files = await expandInputs(temp.path, 'auto');
    expect(files.some((path) => path.endsWith('detect.toy'))).toBe(true);
  });

  test('is validated and counted', async () => {
    const path = await written('check.toy');
    const damaged = readFileSync(path);
    damaged[FRAME_BYTES * 7] = 0;
    const bad = temp.file('bad.toy', damaged);
    const { files } = await validateFiles([bad, path], { jobs: 1 });
    expect(files.map(({ ok, records, format }) => ({ ok, records, format }))).toEqual([
      { ok: false, records: 7, format },
      { ok: true, records: RECORDS, format },
    ]);
    expect(files[0].errors[0]).toMatchObject({ code: 'bad-magic', record: 7, offset: FRAME_BYTES * 7 });
    expect(await countFiles([path], { jobs: 1 })).toMatchObject({ records: RECORDS });
  });

  test('is indexed and read at any record', async () => {
    const path = await written('indexed.toy');
    expect(await buildIndex(path)).toMatchObject({ records: RECORDS, format });
    const indexed = await openIndexed(path);
    expect(await indexed.get(777)).toEqual(record(777));
    await indexed.close();
  });

  test('is converted', async () => {
    const path = await written('convert.toy');
    const [there, back] = [temp.file('there.tfrecord'), temp.file('back.toy')];
    expect(await convertFile(path, there)).toMatchObject({ from: 'toy', to: 'tfrecord' });
    expect(await convertFile(there, back)).toMatchObject({ from: 'tfrecord', to: 'toy' });
    expect(readFileSync(back)).toEqual(readFileSync(path));
  });

  test('by the command line', async () => {
    const path = await written('cli.toy');
    const out = temp.file('cli.rec');
    expect((await cli(['validate', '--jobs', '1', path])).code).toBe(0);
    expect((await cli(['count', '-q', '--jobs', '1', path])).stdout).toContain('1000');
    expect((await cli(['index', path])).code).toBe(0);
    expect((await cli(['convert', path, out])).code).toBe(0);
    expect(await scanRecords(out)).toMatchObject({ format: 'recordio', records: RECORDS });
  });

  test('a valid record is not valid in another format', () => {
    expect(detectFormat(MAGIC).format).toBe(format);
  });
});
