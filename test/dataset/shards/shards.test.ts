import { appendFileSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { Dataset, type ShardsOptions } from '../../../src/dataset/index.ts';
import { encodeRecordIO, encodeTextLine, encodeTFRecord } from '../../../src/formats/index.ts';
import { buildIndex, type WrittenKind } from '../../../src/records/indexes/index.ts';
import { concat } from '../../support/oracle-tfrecord.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { openDescriptors, tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
const COUNTS = [40, 0, 1, 23, 90];
const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (record: Uint8Array): string => new TextDecoder().decode(record);
const all = COUNTS.flatMap((count, shard) => Array.from({ length: count }, (_, i) => `${shard}.${i}`));
/** Payload whose length varies, so that indexes contain sizes. */
const payload = (shard: number, i: number): Uint8Array => bytesOf(`${shard}.${i}`);

async function shardsOf(
  name: string,
  encode: (payload: Uint8Array) => Uint8Array,
  kind: WrittenKind | undefined,
): Promise<string[]> {
  const files = COUNTS.map((count, shard) =>
    temp.file(
      `${name}-${shard}.${name}`,
      concat(Array.from({ length: count }, (_, i) => encode(payload(shard, i)))),
    ),
  );
  if (kind !== undefined) for (const file of files) await buildIndex(file, { kind });
  return files;
}

let files: string[];
beforeAll(async () => {
  files = await shardsOf('tfrecord', encodeTFRecord, 'rpidx');
});

const read = (names: string[], options: ShardsOptions, iteration = 0): Promise<string[]> =>
  Dataset.shards(names, options).map(text).toArray({ iteration });

const orders: fc.Arbitrary<ShardsOptions> = fc.record(
  {
    order: fc.constantFrom('shuffled', 'sequential'),
    seed: fc.nat(),
    epoch: fc.nat(3),
    blockRecords: fc.integer({ min: 1, max: 30 }),
    groupBlocks: fc.integer({ min: 1, max: 60 }),
  },
  { requiredKeys: ['order', 'seed'] },
);

test('the shares of any number of workers are one order of all records', async () => {
  await fc.assert(
    fc.asyncProperty(orders, fc.integer({ min: 1, max: 9 }), async (options, workers) => {
      const whole = await read(files, options);
      expect(options.order === 'sequential' ? whole : whole.toSorted()).toEqual(
        options.order === 'sequential' ? all : all.toSorted(),
      );
      const shares = await Promise.all(
        Array.from({ length: workers }, (_, worker) => read(files, { ...options, worker, workers })),
      );
      const merged = whole.map((_, position) => shares[position % workers][Math.floor(position / workers)]);
      expect(merged).toEqual(whole);
      expect(shares.reduce((sum, { length }) => sum + length, 0)).toBe(all.length);
    }),
    { numRuns: randomRuns(80) },
  );
});

test('skipped records do not change the order', async () => {
  await fc.assert(
    fc.asyncProperty(orders, fc.nat(160), fc.nat(40), async (options, skipped, taken) => {
      const whole = await read(files, options);
      const records = Dataset.shards(files, options).map(text);
      expect(await records.skip(skipped).toArray({ iteration: 0 })).toEqual(whole.slice(skipped));
      const some = Dataset.shards(files, options)
        .take(taken)
        .concatenate(Dataset.shards(files, options).skip(taken));
      expect(await some.map(text).toArray({ iteration: 0 })).toEqual(whole);
      expect(await Dataset.shards(files, options).count()).toBe(all.length);
    }),
    { numRuns: randomRuns(100) },
  );
});

test('each iteration has another order, and epoch is the number of the first one', async () => {
  const options = { order: 'shuffled', seed: 4 } as const;
  const records = Dataset.shards(files, options).map(text);
  const [first, second] = [await records.toArray(), await records.toArray()];
  expect(first).not.toEqual(second);
  expect(await read(files, { ...options, epoch: 1 })).toEqual(second);
  expect(await Dataset.shards(files, options).repeat(2).map(text).toArray()).toEqual([...first, ...second]);
});

describe('formats and kinds of indexes', () => {
  const line = (record: Uint8Array): Uint8Array => encodeTextLine(record);
  test.each([
    ['tfrecord', encodeTFRecord, 'vahidk'],
    ['rec', (record: Uint8Array) => encodeRecordIO(record), 'rpidx'],
    ['rec', (record: Uint8Array) => encodeRecordIO(record), 'mx'],
    ['txt', line, 'rpidx'],
    ['txt', line, undefined],
  ] as const)('%s %# %s', async (name, encode, kind) => {
    const shards = await shardsOf(name, encode, kind);
    const missing = kind === undefined ? ('memory' as const) : ('error' as const);
    for (const options of [{}, { blockRecords: 7 }]) {
      const records = await read(shards, { order: 'shuffled', seed: 1, missing, ...options });
      expect(records.toSorted()).toEqual(all.toSorted());
    }
    expect(await read(shards, { missing })).toEqual(all);
    if (kind !== undefined) for (const file of shards) rmSync(`${file}.rpidx`, { force: true });
  });
});

test('a missing or wrong index is an error, and no index is written', async () => {
  const file = temp.file('bare.tfrecord', encodeTFRecord(bytesOf('x')));
  await expect(read([file], {})).rejects.toMatchObject({ code: 'not-found', uri: file });
  expect(await read([file], { missing: 'memory' })).toEqual(['x']);
  await expect(read([file], {})).rejects.toMatchObject({ code: 'not-found', uri: file });
  await buildIndex(file);
  appendFileSync(file, encodeTFRecord(bytesOf('y')));
  await expect(read([file], {})).rejects.toMatchObject({ code: 'index-mismatch', uri: `${file}.rpidx` });
});

test('a compressed file is an error', async () => {
  const { gzipSync } = await import('node:zlib');
  const file = temp.file('small.tfrecord.gz', gzipSync(encodeTFRecord(bytesOf('x'))));
  await expect(read([file], { missing: 'memory' })).rejects.toMatchObject({ code: 'unsupported-source' });
});

test('a corrupt record is the error of a reader, after all records before it', async () => {
  const records = Array.from({ length: 50 }, (_, i) => encodeTFRecord(bytesOf(`record ${i}`)));
  const file = temp.file('corrupt.tfrecord', concat(records));
  await buildIndex(file);
  const bytes = readFileSync(file);
  bytes[concat(records.slice(0, 30)).length + 14] ^= 1;
  writeFileSync(file, bytes);
  const reading = await Dataset.records(file)
    .toArray()
    .catch((error: unknown) => error);
  for (const options of [{}, { blockRecords: 5 }, { order: 'sequential' as const }]) {
    // The fingerprint covers a small file completely, so the index is built for the changed file.
    await buildIndex(file, { overwrite: true });
    const seen: string[] = [];
    const shards = Dataset.shards(file, { order: 'shuffled', seed: 2, ...options }).map(text);
    const failure = await shards.forEach((record) => void seen.push(record)).catch((error: unknown) => error);
    const { code, record, offset, uri } = reading as Record<string, unknown>;
    expect(failure).toMatchObject({ code, record, offset, uri });
    expect(code).toBe('data-checksum');
    expect(seen).not.toContain('record 30');
    expect(new Set(seen).size).toBe(seen.length);
  }
});

test('a file that is replaced during an iteration is an error', async () => {
  const file = temp.file('replaced.tfrecord', concat(Array(10).fill(encodeTFRecord(bytesOf('x')))));
  await buildIndex(file);
  const iterator = Dataset.shards(file, { order: 'shuffled', seed: 1, blockRecords: 2 }).iterate();
  // The index is read first; the file is opened again for its records.
  const first = iterator.next();
  await new Promise((resolve) => setImmediate(resolve));
  utimesSync(file, 1, 1);
  const result = await first.then(
    () => 'read before the change',
    (error: unknown) => (error as { code: string }).code,
  );
  expect(['source-changed', 'read before the change']).toContain(result);
  await iterator.return();
});

test('closes its files when an iteration ends or is aborted', async () => {
  const records = Dataset.shards(files, { order: 'shuffled', seed: 1 });
  for await (const record of records) {
    expect(record.length).toBeGreaterThan(0);
    break;
  }
  expect(openDescriptors(temp.path)).toBe(0);
  const abort = new AbortController();
  const iterator = records.iterate({ signal: abort.signal });
  await iterator.next();
  abort.abort();
  await expect(iterator.next()).rejects.toMatchObject({ code: 'aborted' });
  await expect.poll(() => openDescriptors(temp.path)).toBe(0);
});

test('a number of files beyond the limit of open ones can be read', async () => {
  const many = Array.from({ length: 260 }, (_, i) => {
    const file = temp.file(
      `many-${i}.tfrecord`,
      concat([encodeTFRecord(bytesOf(`${i}a`)), encodeTFRecord(bytesOf(`${i}b`))]),
    );
    return file;
  });
  let open = 0;
  const seen: string[] = [];
  await Dataset.shards(many, { order: 'shuffled', seed: 9, missing: 'memory' }).forEach((record) => {
    seen.push(text(record));
    if (seen.length % 50 === 0) open = Math.max(open, openDescriptors(temp.path));
  });
  expect(new Set(seen).size).toBe(520);
  expect(open).toBeLessThanOrEqual(257);
});

test('rejects invalid options', () => {
  const invalid: [ShardsOptions, string][] = [
    [{ order: 'random' as never }, 'order'],
    [{ missing: 'build' as never }, 'missing'],
    [{ seed: 0.5 }, 'seed'],
    [{ epoch: -1 }, 'epoch'],
    [{ workers: 0 }, 'workers'],
    [{ worker: 2, workers: 2 }, 'worker'],
    [{ order: 'shuffled', workers: 2 }, 'seed'],
    [{ blockRecords: 0 }, 'blockRecords'],
    [{ groupBlocks: 1e6 }, 'groupBlocks'],
  ];
  for (const [options, name] of invalid)
    expect(() => Dataset.shards('x', options), name).toThrow(
      expect.objectContaining({ code: 'invalid-argument', message: expect.stringContaining(name) }),
    );
});
