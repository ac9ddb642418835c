import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/index.ts';
import { repairFile } from '../../src/transform/index.ts';
import {
  bytesOf,
  expectBytes,
  expectRecords,
  failureOf,
  namesIn,
  recordsOf,
  somePayloads,
} from '../records/write/written.ts';
import { damaged, randomDamage } from '../support/corrupt.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { Random } from '../support/random.ts';
import { randomRuns } from '../support/random-runs.ts';
import { FILE, OFFSETS, PAYLOADS, withBadPayloads } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';
import { ANY_BYTES, fileOf } from './kinds.ts';

const temp = tempDir();
const output = temp.file('good.tfrecord');
const again = { overwrite: true } as const;

describe('findings', () => {
  test('corrupt payloads are skipped and the others kept', async () => {
    const result = await repairFile(withBadPayloads(FILE, OFFSETS, [0, 3]), output, again);
    expect(result).toMatchObject({ ok: false, findingCount: 2, output: { records: 4 } });
    expect(result.findings).toMatchObject([
      { code: 'data-checksum', record: 0, offset: 0, skippedBytes: OFFSETS[1] },
      { code: 'data-checksum', record: 3, offset: OFFSETS[3], skippedBytes: OFFSETS[4] - OFFSETS[3] },
    ]);
    expectRecords(
      await recordsOf(output),
      [1, 2, 4, 5].map((i) => PAYLOADS[i]),
    );
  });

  test('a truncated last record', async () => {
    const result = await repairFile(FILE.subarray(0, -3), output, again);
    const [{ code, offset, skippedBytes }] = result.findings;
    expect({ code, offset, skippedBytes }).toEqual({
      code: 'truncated-record',
      offset: OFFSETS[5],
      skippedBytes: PAYLOADS[5].length + 13,
    });
    expectRecords(await recordsOf(output), PAYLOADS.slice(0, 5));
  });

  test('garbage before the first record', async () => {
    const result = await repairFile(concat([new Uint8Array(1000).fill(7), FILE]), output, {
      ...again,
      from: 'tfrecord',
    });
    expect(result.findings).toMatchObject([{ code: 'length-checksum', offset: 0, skippedBytes: 1000 }]);
    expectBytes(bytesOf(output), FILE);
  });

  test('a truncated compressed stream: the number of skipped bytes is unknown', async () => {
    const noise = new Random(1).bytes(100_000);
    const packed = gzipSync(concat([FILE, encodeTFRecord(noise)]));
    const result = await repairFile(new Uint8Array(packed).subarray(0, 50_000), output, again);
    expect(result.findings).toMatchObject([
      { code: 'truncated-compressed-stream', record: 6, skippedBytes: null },
    ]);
    expectBytes(bytesOf(output), FILE);
  });

  test('invalid base64 lines', async () => {
    const lines = ['AAAA', 'oops!', 'AA', '{"a":1}', 'AAAB', ''];
    const result = await repairFile(Buffer.from(lines.join('\n')), output, { ...again, from: 'base64' });
    expect(result.findings.map(({ record, offset, skippedBytes }) => [record, offset, skippedBytes])).toEqual(
      [
        [1, 5, 6],
        [2, 11, 3],
        [3, 14, 8],
      ],
    );
    expectRecords(await recordsOf(output), [Uint8Array.of(0, 0, 0), Uint8Array.of(0, 0, 1)]);
  });

  test('maxFindings limits the list; all findings are reported and counted', async () => {
    const reported: string[] = [];
    const options = {
      ...again,
      maxFindings: 1,
      onFinding: ({ code }: { code: string }) => void reported.push(code),
    };
    const result = await repairFile(withBadPayloads(FILE, OFFSETS, [0, 2, 4]), output, options);
    expect(result.findings).toHaveLength(1);
    expect(result.findingCount).toBe(3);
    expect(reported).toHaveLength(3);
  });

  test.each(ANY_BYTES)('none in a valid %s file, which is copied unchanged', async (from) => {
    const bytes = fileOf(from, somePayloads(1));
    const result = await repairFile(bytes, output, { ...again, from, to: from });
    expect(result).toMatchObject({ ok: true, findings: [], findingCount: 0 });
    expectBytes(bytesOf(output), bytes);
  });
});

test('random damage: the output is valid, has only original records, and every loss is a finding', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(),
      fc.constantFrom('tfrecord' as const, 'recordio' as const),
      async (seed, from) => {
        const random = new Random(seed);
        const payloads = Array.from({ length: 12 }, (_, i) => Buffer.alloc(random.below(300), i + 1));
        const file = fileOf(from, payloads);
        const bad = damaged(file, randomDamage(random, file.length));
        const result = await repairFile(bad, output, { ...again, from });
        const got = await recordsOf(output);
        expect(result.output.records).toBe(got.length);
        if (from === 'tfrecord') {
          const written = payloads.map((payload) => payload.toString('hex'));
          for (const payload of got) expect(written).toContain(Buffer.from(payload).toString('hex'));
          const kept = got.reduce((sum, { length }) => sum + length + 16, 0);
          const skipped = result.findings.reduce((sum, { skippedBytes }) => sum + (skippedBytes ?? 0), 0);
          expect(kept + skipped).toBe(bad.length);
        }
        const second = await repairFile(bytesOf(output), temp.file('again.tfrecord'), again);
        expect(second.ok).toBe(true);
      },
    ),
    { numRuns: randomRuns(150) },
  );
});

test('failures other than damage are errors and leave no output', async () => {
  const before = namesIn(temp.path);
  const source = fileOf('tfrecord', [Buffer.from('a\nb')]);
  const error = await failureOf(() => repairFile(source, temp.file('never.txt'), {}));
  expect(error.code).toBe('unrepresentable');
  expect(namesIn(temp.path)).toEqual(before);
});
