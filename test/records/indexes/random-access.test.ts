import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import { buildIndex, openIndexed } from '../../../src/records/indexes/index.ts';
import { oracleFile } from '../../support/oracle-tfrecord.ts';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { openDescriptors, tempDir } from '../../support/temp-dir.ts';
import { samples } from './samples.ts';

const temp = tempDir();

describe.each(samples(1, 700))('$name', ({ name, bytes, options, payloads, offsets }) => {
  const path = temp.file(`${name}.data`, bytes);

  test('is indexed: every record, its position and its size', async () => {
    const built = await buildIndex(path, options);
    expect(built).toMatchObject({
      path,
      indexPath: `${path}.rpidx`,
      records: payloads.length,
      bytes: bytes.length,
    });
    await using file = await openIndexed(path);
    expect(file).toMatchObject({
      length: payloads.length,
      format: options.format,
      indexPath: `${path}.rpidx`,
    });
    expect(payloads.map((_, i) => file.offset(i))).toEqual(offsets);
    const ends = [...offsets.slice(1), bytes.length];
    expect(payloads.map((_, i) => file.offset(i) + file.frameBytes(i))).toEqual(ends);
  });

  test('with all checksums, or without a file, the index is the same', async () => {
    const indexPath = temp.file('full.rpidx');
    await buildIndex(path, { ...options, indexPath, checksum: 'full' });
    await using full = await openIndexed(path, { indexPath });
    await using memory = await openIndexed(path, { ...options, missing: 'memory' });
    expect(payloads.map((_, i) => full.offset(i))).toEqual(offsets);
    expect(payloads.map((_, i) => memory.offset(i))).toEqual(offsets);
  });

  test.each([true, false])('one by one, blocking %s', async (blocking) => {
    await using file = await openIndexed(path, { blocking });
    const got: Uint8Array[] = [];
    for (let i = 0; i < file.length; i++) got.push(await file.get(i));
    expectSame(got, payloads);
    expectSame(
      Array.from(payloads, (_, i) => file.getSync(i)),
      payloads,
    );
  });

  test.each([true, false])('at once, blocking %s', async (blocking) => {
    await using file = await openIndexed(path, { blocking });
    const random = new Random(3);
    const indices = Array.from({ length: 2000 }, () => random.below(file.length));
    expectSame(
      await Promise.all(indices.map((i) => file.get(i))),
      indices.map((i) => payloads[i]),
    );
  });

  test.each([0, 100, 100_000])('many, with gaps of up to %i bytes', async (maxGapBytes) => {
    for (const blocking of [true, false]) {
      await using file = await openIndexed(path, { maxGapBytes, blocking });
      for (let seed = 0; seed < randomRuns(20); seed++) {
        const random = new Random(seed);
        const indices = Array.from({ length: random.below(300) }, () => random.below(file.length));
        if (seed % 3 === 0) indices.sort((a, b) => a - b);
        expectSame(
          await file.getMany(indices),
          indices.map((i) => payloads[i]),
        );
        expectSame(
          await file.getMany(Uint32Array.from(indices)),
          indices.map((i) => payloads[i]),
        );
        expectSame(
          await file.getMany(new Set(indices)),
          [...new Set(indices)].map((i) => payloads[i]),
        );
      }
    }
  });

  test('slices, by records and by batches', async () => {
    await using file = await openIndexed(path);
    const random = new Random(4);
    const borders = Array.from({ length: 12 }, () => random.below(payloads.length + 1));
    for (const from of [0, ...borders]) {
      const to = Math.max(from, random.pick([...borders, payloads.length]));
      const records: Uint8Array[] = [];
      for await (const record of file.slice(from, to)) records.push(record);
      expectSame(records, payloads.slice(from, to));
      let next = from;
      for await (const batch of file.sliceBatches(from, to)) {
        expect(batch.firstRecord).toBe(next);
        for (let i = 0; i < batch.length; i++) expect(batch.offset(i)).toBe(offsets[next++]);
      }
      expect(next).toBe(to);
    }
    const all: Uint8Array[] = [];
    for await (const record of file) all.push(record);
    expectSame(all, payloads);
  });

  test('records stay valid', async () => {
    await using file = await openIndexed(path);
    const got = await Promise.all(payloads.map((_, i) => file.get(i)));
    for (let i = 0; i < randomRuns(3000); i++) await file.get(i % file.length);
    await file.getMany(payloads.map((_, i) => i));
    expectSame(got, payloads);
  });

  test('numbers out of range are rejected', async () => {
    await using file = await openIndexed(path);
    for (const i of [-1, file.length, 0.5, Number.NaN, 2 ** 53, '0' as unknown as number]) {
      await expect(file.get(i)).rejects.toThrow(UsageError);
      await expect(file.getMany([0, i])).rejects.toThrow(UsageError);
      expect(() => file.getSync(i)).toThrow(UsageError);
      expect(() => file.offset(i)).toThrow(UsageError);
    }
    for (const [from, to] of [
      [-1, 1],
      [2, 1],
      [0, file.length + 1],
      [0.5, 1],
    ]) {
      expect(() => file.slice(from, to)).toThrow(UsageError);
      expect(() => file.sliceBatches(from, to)).toThrow(UsageError);
    }
    expect(await file.getMany([])).toEqual([]);
  });
});

test('records larger than one read', async () => {
  const random = new Random(9);
  const payloads = [10, 300_000, 0, 70_000, 2_500_000, 5, 260_000].map((length) => random.bytes(length));
  const path = temp.file('large.tfrecord', oracleFile(payloads));
  await buildIndex(path);
  for (const blocking of [true, false]) {
    await using file = await openIndexed(path, { blocking });
    const order = [4, 1, 0, 6, 2, 3, 5, 4];
    expectSame(
      await Promise.all(order.map((i) => file.get(i))),
      order.map((i) => payloads[i]),
    );
    expectSame(
      await file.getMany(order),
      order.map((i) => payloads[i]),
    );
    expectSame(
      order.map((i) => file.getSync(i)),
      order.map((i) => payloads[i]),
    );
  }
});

test.each(['tfrecord', 'recordio', 'textline'] as const)('an empty file of %s', async (format) => {
  const path = temp.file(`empty.${format}`, new Uint8Array(0));
  expect(await buildIndex(path, { format })).toMatchObject({ records: 0 });
  await using file = await openIndexed(path);
  expect(file).toMatchObject({ length: 0, format });
  expect(await file.getMany([])).toEqual([]);
  await expect(file.get(0)).rejects.toThrow(UsageError);
  for await (const record of file) throw new Error(`there is no ${record}`);
});

test('close waits for reads, later calls fail, and no file stays open', async () => {
  const path = temp.file('closing.tfrecord', oracleFile([new Uint8Array(100), new Uint8Array(400_000)]));
  await buildIndex(path);
  const before = openDescriptors(temp.path);
  const file = await openIndexed(path, { blocking: false });
  const reading = [file.get(0), file.get(1), file.getMany([1, 0])];
  await Promise.resolve();
  await file.close();
  await file.close();
  for (const one of await Promise.allSettled(reading)) expect(one.status).toBe('fulfilled');
  await expect(file.get(0)).rejects.toMatchObject({ code: 'closed' });
  await expect(file.getMany([0])).rejects.toMatchObject({ code: 'closed' });
  expect(() => file.getSync(0)).toThrow(expect.objectContaining({ code: 'closed' }));
  expect(() => file.slice()).toThrow(expect.objectContaining({ code: 'closed' }));
  expect(openDescriptors(temp.path)).toBe(before);
});

test('one corrupt record does not prevent reading the others', async () => {
  // The file is larger than the fingerprint's samples, so the fingerprint misses the damage.
  const many = oracleFile(Array.from({ length: 5000 }, (_, i) => new Uint8Array(60).fill(i)));
  const damaged = temp.file('unseen.tfrecord', many);
  await buildIndex(damaged);
  const at = 2000 * 76 + 40;
  const flipped = many.slice();
  flipped[at] ^= 1;
  temp.file('unseen.tfrecord', flipped);
  for (const blocking of [true, false]) {
    await using file = await openIndexed(damaged, { blocking });
    const outcomes = await Promise.allSettled([1999, 2000, 2001].map((i) => file.get(i)));
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const place = { code: 'data-checksum', record: 2000, offset: 2000 * 76, uri: damaged };
    expect((outcomes[1] as PromiseRejectedResult).reason).toMatchObject(place);
    await expect(file.getMany([1, 2001, 2000])).rejects.toMatchObject(place);
    const read = async (): Promise<void> => {
      for await (const batch of file.sliceBatches(1990, 2010))
        expect(batch.firstRecord).toBeGreaterThan(1989);
    };
    await expect(read()).rejects.toMatchObject(place);
  }
});

function expectSame(got: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  expect(got.length).toBe(expected.length);
  expect(got.every((one, i) => Buffer.compare(one, expected[i]) === 0)).toBe(true);
}

test('close waits for all reads of getMany', async () => {
  const payloads = Array.from({ length: 40 }, (_, i) => new Uint8Array(400_000).fill(i));
  const path = temp.file('closing-many.tfrecord', oracleFile(payloads));
  await buildIndex(path);
  for (const blocking of [true, false]) {
    const file = await openIndexed(path, { blocking });
    const many = file.getMany(payloads.map((_, i) => i));
    await file.close();
    expectSame(await many, payloads);
    const slice = (await openIndexed(path)).slice();
    expect((await slice.next()).value).toEqual(payloads[0]);
    await slice.return();
  }
});
