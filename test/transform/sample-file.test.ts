import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { sampleFile } from '../../src/transform/index.ts';
import { SmallestKeys } from '../../src/transform/random-keys.ts';
import { expectRecords, failureOf, namesIn, recordsOf } from '../records/write/written.ts';
import { randomRuns } from '../support/random-runs.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';
import { fileOf } from './kinds.ts';
import { shuffledOrder, splitmix64 } from './oracle-keys.ts';

const temp = tempDir();

function numbered(count: number, length = 12): Uint8Array[] {
  return Array.from({ length: count }, (_, i) => new Uint8Array(Buffer.alloc(length, String(i))));
}

async function drawn(
  payloads: Uint8Array[],
  options: Parameters<typeof sampleFile>[2],
): Promise<Uint8Array[]> {
  const output = temp.file('drawn.tfrecord');
  const { of } = await sampleFile(fileOf('tfrecord', payloads), output, { overwrite: true, ...options });
  expect(of).toBe(payloads.length);
  return recordsOf(output);
}

describe('a number of records', () => {
  test('are those that shuffling puts first, in source order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(80), fc.nat(90), fc.maxSafeNat(), async (count, records, seed) => {
        const payloads = numbered(count);
        const order = shuffledOrder(seed, count)
          .slice(0, records)
          .sort((a, b) => a - b);
        expectRecords(
          await drawn(payloads, { records, seed }),
          order.map((i) => payloads[i]),
        );
      }),
      { numRuns: randomRuns(80) },
    );
  });

  test('that exceed a buffer, some of them individually', async () => {
    const payloads = numbered(2000, 1000).map((payload, i) =>
      i % 400 === 0 ? new Uint8Array(1_500_000).fill(i) : payload,
    );
    const order = shuffledOrder(1, 2000)
      .slice(0, 1500)
      .sort((a, b) => a - b);
    expectRecords(
      await drawn(payloads, { records: 1500, seed: 1 }),
      order.map((i) => payloads[i]),
    );
  });

  test('are drawn with equal probability', () => {
    const counts = new Uint32Array(20);
    for (let seed = 0; seed < 4000; seed++) for (const i of shuffledOrder(seed, 20).slice(0, 5)) counts[i]++;
    // The expected count is 1000, with a standard deviation of 27.
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(4 * 28);
  });
});

describe('a fraction', () => {
  test.each([0, 0.1, 0.5, 1])('%d', async (fraction) => {
    const payloads = numbered(5000);
    const got = await drawn(payloads, { fraction, seed: 9 });
    const limit = BigInt(Math.floor(fraction * 2 ** 53)) << 11n;
    expectRecords(
      got,
      payloads.filter((_, i) => splitmix64(9, i) < limit),
    );
    expect(Math.abs(got.length - 5000 * fraction)).toBeLessThan(150);
  });
});

test('SmallestKeys keeps the smallest keys', () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { maxLength: 200 }),
      fc.nat(60),
      (keys, most) => {
        const smallest = new SmallestKeys(most);
        for (const key of keys) smallest.add(Number(key >> 32n), Number(key & 0xffffffffn));
        const kept = keys.filter((key) => smallest.has(Number(key >> 32n), Number(key & 0xffffffffn)));
        expect(kept.sort()).toEqual(
          [...keys]
            .sort((a, b) => (a < b ? -1 : 1))
            .slice(0, most)
            .sort(),
        );
      },
    ),
  );
});

test('a damaged source leaves no files', async () => {
  const source = fileOf('tfrecord', numbered(100));
  source[source.length - 1] ^= 1;
  const before = namesIn(temp.path);
  for (const way of [{ records: 5 }, { fraction: 0.5 }])
    expect((await failureOf(() => sampleFile(source, temp.file('never.rec'), way))).code).toBe(
      'data-checksum',
    );
  expect(namesIn(temp.path)).toEqual(before);
  expect(openDescriptors(temp.path)).toBe(0);
});

test.each([{}, { records: 1, fraction: 0.5 }, { records: -1 }, { fraction: 1.1 }, { records: 1, seed: -1 }])(
  'rejects %j',
  async (options) => {
    await expect(sampleFile([], temp.file('x.rec'), options)).rejects.toThrow(UsageError);
  },
);
