import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { shuffleFile, shuffleFiles } from '../../src/transform/shuffle-file.ts';
import { bytesOf, encoded, expectRecords, failureOf, namesIn, recordsOf } from '../records/write/written.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { Random } from '../support/random.ts';
import { randomRuns } from '../support/random-runs.ts';
import { slowly } from '../support/rechunk.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';
import { shuffledOrder } from './oracle-keys.ts';

const temp = tempDir();
const MIB = 1024 * 1024;

function numbered(count: number, length: (i: number) => number): Uint8Array[] {
  const random = new Random(count);
  return Array.from({ length: count }, (_, i) => {
    const payload = new Uint8Array(length(i)).fill(random.below(256));
    payload.set(new TextEncoder().encode(String(i)).subarray(0, payload.length));
    return payload;
  });
}

async function shuffled(
  payloads: Uint8Array[],
  options: Parameters<typeof shuffleFile>[2],
): Promise<Uint8Array[]> {
  const output = temp.file('shuffled.tfrecord');
  const { output: written } = await shuffleFile(encoded(payloads), output, { overwrite: true, ...options });
  expect(written.records).toBe(payloads.length);
  return recordsOf(output);
}

describe('the order', () => {
  test('is determined by the keys of the seed alone', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 60 }),
        fc.maxSafeNat(),
        async (payloads, seed) => {
          const expected = shuffledOrder(seed, payloads.length).map((i) => payloads[i]);
          expectRecords(await shuffled(payloads, { seed }), expected);
        },
      ),
      { numRuns: randomRuns(60) },
    );
  });

  test.each([
    ['small records', 30_000, () => 100],
    ['tiny records', 80_000, (i: number) => i % 7],
    ['large records', 40, () => 300_000],
    ['records larger than the memory', 6, (i: number) => 2 * MIB * (i % 2)],
    ['mixed', 3000, (i: number) => (i % 1000 === 0 ? 700_000 : i % 500)],
  ])('does not depend on the memory: %s', async (_, count, length) => {
    const payloads = numbered(count, length);
    const order = shuffledOrder(11, count).map((i) => payloads[i]);
    expectRecords(await shuffled(payloads, { seed: 11, memoryBytes: 1.3 * MIB }), order);
    expectRecords(await shuffled(payloads, { seed: 11 }), order);
  });

  test('is uniform: every record is equally likely at every position', async () => {
    const payloads = numbered(8, () => 1);
    const counts = new Uint32Array(64);
    const rounds = 2000;
    for (let seed = 0; seed < rounds; seed++)
      shuffledOrder(seed, 8).forEach((from, to) => void counts[8 * from + to]++);
    // Chi-square with 49 degrees of freedom exceeds 85.4 by chance once in a thousand runs.
    const expected = rounds / 8;
    const chi = counts.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chi).toBeLessThan(85.4);
    expect(payloads).toHaveLength(8);
  });

  test('is the same for a stream of unknown length', async () => {
    const payloads = numbered(60_000, () => 60);
    const output = temp.file('stream.tfrecord');
    const bytes = encoded(payloads);
    const chunks = Array.from({ length: 50 }, (_, i) =>
      bytes.subarray((i * bytes.length) / 50, ((i + 1) * bytes.length) / 50),
    );
    await shuffleFile(slowly(chunks), output, { seed: 3, memoryBytes: MIB });
    expectRecords(
      await recordsOf(output),
      shuffledOrder(3, 60_000).map((i) => payloads[i]),
    );
  });
});

describe('failures leave no files', () => {
  const payloads = numbered(40_000, () => 100);
  const damaged = encoded(payloads);
  damaged[damaged.length - 1] ^= 1;

  test('damage at the end of the source', async () => {
    const output = join(temp.path, 'never.tfrecord');
    const before = namesIn(temp.path);
    const error = await failureOf(() => shuffleFile(damaged, output, { memoryBytes: MIB }));
    expect(error).toMatchObject({ code: 'data-checksum', record: 39_999 });
    expect(namesIn(temp.path)).toEqual(before);
    expect(openDescriptors(temp.path)).toBe(0);
  });

  test('an abort', async () => {
    const before = namesIn(temp.path);
    for (const part of [0.2, 0.6, 0.9]) {
      const stop = new AbortController();
      const shuffling = shuffleFile(encoded(payloads), join(temp.path, 'never.tfrecord'), {
        memoryBytes: MIB,
        signal: stop.signal,
        onProgress: ({ bytes, totalBytes }) => {
          if (bytes > part * (totalBytes as number)) stop.abort();
        },
      });
      expect((await failureOf(() => shuffling)).code).toBe('aborted');
      expect(namesIn(temp.path)).toEqual(before);
      expect(openDescriptors(temp.path)).toBe(0);
    }
  });

  test('a missing folder for temporary files', async () => {
    const tempDir = temp.file('missing');
    const error = await failureOf(() =>
      shuffleFile(encoded(payloads), temp.file('never.tfrecord'), { memoryBytes: MIB, tempDir }),
    );
    expect(error).toMatchObject({ code: 'not-found', uri: tempDir });
    expect(readdirSync(temp.path)).not.toContain('never.tfrecord');
  });
});

test.each([-1, 0.5, 2 ** 53, Number.NaN])('rejects seed %d', async (seed) => {
  await expect(shuffleFile([], temp.file('x.tfrecord'), { seed })).rejects.toThrow(UsageError);
});

test('rejects less than 1 MiB of memory', async () => {
  await expect(shuffleFile([], temp.file('x.tfrecord'), { memoryBytes: 1000 })).rejects.toThrow(UsageError);
});

test('a source without records produces an empty file', async () => {
  const output = temp.file('empty.tfrecord');
  await shuffleFile(new Uint8Array(0), output);
  expect(bytesOf(output)).toHaveLength(0);
});

test('shuffling several files equals shuffling the merged file', async () => {
  const payloads = numbered(50, () => 10);
  const sources = [payloads.slice(0, 20), payloads.slice(20, 20), payloads.slice(20)].map((part) =>
    concat(part.map((payload) => encodeTFRecord(payload))),
  );
  const output = temp.file('several.tfrecord');
  const { output: written } = await shuffleFiles(sources, output, { seed: 3, from: 'tfrecord' });
  expect(written.records).toBe(50);
  const expected = shuffledOrder(3, 50).map((i) => encodeTFRecord(payloads[i]));
  expect(readFileSync(output)).toEqual(Buffer.from(concat(expected)));
  await expect(shuffleFiles([], output)).rejects.toThrow(UsageError);
});
