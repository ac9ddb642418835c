import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { countQuickly } from '../../src/check/count-quickly.ts';
import { countFiles, validateFiles } from '../../src/check/index.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { detected, goldenFiles } from '../support/golden.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { Random } from '../support/random.ts';
import { FILE, flipped, OFFSETS } from '../support/samples.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const file = (length: number): Uint8Array => encodeTFRecord(new Uint8Array(length));
const TASK = { check: 'count', maxErrors: 1, blocking: false, reading: {} } as const;
const hops = (path: string): ReturnType<typeof countQuickly> => countQuickly({ path }, TASK, {});

describe.each(goldenFiles().map(detected))('$name', ({ url, error, options }) => {
  test('is counted up to the damage', async () => {
    const path = fileURLToPath(url);
    const [counted] = (await countFiles(path, options)).files;
    const [checked] = (await validateFiles(path, options)).files;
    if (error?.code === 'data-checksum') {
      expect(counted).toEqual({ uri: path, records: checked.records + 1 }); // Payloads are not verified.
    } else {
      expect(counted).toMatchObject({ uri: path, records: checked.records });
      expect(counted.error).toEqual(checked.errors[0]);
    }
  });
});

test('the total includes partial counts', async () => {
  const damaged = temp.file('damaged.tfrecord', flipped(FILE, OFFSETS[2]));
  const missing = temp.file('missing.tfrecord');
  const good = temp.file('good.tfrecord', FILE);
  expect(await countFiles([good, damaged, missing])).toMatchObject({
    files: [
      { uri: damaged, records: 2, error: { code: 'length-checksum', record: 2, offset: OFFSETS[2] } },
      { uri: good, records: 6 },
      { uri: missing, records: 0, error: { code: 'not-found', record: null }, unreadable: true },
    ],
    records: 8,
  });
});

describe('counting from headers', () => {
  const KIB = 1024;
  const borders = [4, 64, 128].flatMap((size) =>
    [-29, -17, -16, -13, -12, -1, 0, 1].map((more) => size * KIB + more),
  );

  test.each(borders)('records of %i bytes between small ones', async (length) => {
    const small = file(3);
    const large = file(length);
    const bytes = concat([small, large, large, small, large, small, small, large]);
    expect(await hops(temp.file(`border-${length}`, bytes))).toEqual({
      format: 'tfrecord',
      records: 8,
      bytes: bytes.length,
    });
  });

  test('records of random sizes', async () => {
    const random = new Random(1);
    const lengths = Array.from({ length: 300 }, () => random.below(2 ** random.below(19)));
    const bytes = concat(lengths.map(file));
    expect(await hops(temp.file('random', bytes))).toEqual({
      format: 'tfrecord',
      records: 300,
      bytes: bytes.length,
    });
  });

  test('unusual text falls back to the scan', async () => {
    const large = file(200_000);
    const plain = concat([large, large, large]);
    const cases: Record<string, Uint8Array> = {
      gzip: gzipSync(plain),
      'a header that is damaged': flipped(plain, large.length + 3),
      'a header cut short': plain.subarray(0, 2 * large.length + 5),
      'a payload cut short': plain.subarray(0, 2 * large.length + 100_000),
      'a footer cut short': plain.subarray(0, plain.length - 1),
      'zeros behind': concat([plain, new Uint8Array(100)]),
    };
    for (const [name, bytes] of Object.entries(cases)) {
      const path = temp.file(name, bytes);
      expect(await hops(path), name).toBeUndefined();
      const [counted] = (await countFiles(path)).files;
      const [checked] = (await validateFiles(path)).files;
      expect(counted, name).toMatchObject({ records: checked.records });
      expect(counted.error, name).toEqual(checked.errors[0]);
    }
    expect(await hops(temp.file('missing'))).toBeUndefined();
    expect(openDescriptors(temp.path)).toBe(0);
  });

  test('enforces maxRecordBytes', async () => {
    const path = temp.file('limited', concat([file(10), file(200_000)]));
    expect((await countFiles(path, { maxRecordBytes: 100_000 })).files[0]).toMatchObject({
      records: 1,
      error: { code: 'record-too-large', record: 1, offset: 26 },
    });
  });

  test('a signal aborts it', async () => {
    const path = temp.file('long', concat(Array.from({ length: 400 }, () => file(70_000))));
    const stop = new AbortController();
    const run = countFiles(path, { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(run).rejects.toMatchObject({ code: 'aborted' });
    expect(openDescriptors(temp.path)).toBe(0);
  });
});
