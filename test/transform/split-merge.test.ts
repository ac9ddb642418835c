import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { crc32c } from '../../src/index.ts';
import { mergeFiles, type SplitOptions, splitFile } from '../../src/transform/index.ts';
import {
  bytesOf,
  expectBytes,
  expectRecords,
  failureOf,
  namesIn,
  recordsOf,
  somePayloads,
} from '../records/write/written.ts';
import { randomRuns } from '../support/random-runs.ts';
import { rechunk } from '../support/rechunk.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';
import { anyPayloads, fileOf } from './kinds.ts';

const temp = tempDir();
let places = 0;

function place(): string {
  const path = temp.file(`place-${places++}`);
  mkdirSync(path);
  return path;
}

async function split(payloads: readonly Uint8Array[], way: Partial<SplitOptions>): Promise<string[]> {
  const { outputs } = await splitFile(fileOf('tfrecord', payloads), join(place(), 'part'), way);
  return outputs.map(({ path }) => path);
}

describe('split in order, then merge', () => {
  const ways: fc.Arbitrary<Partial<SplitOptions>> = fc.oneof(
    fc.record({ recordsPerShard: fc.integer({ min: 1, max: 10 }) }),
    fc.record({ maxShardBytes: fc.integer({ min: 1, max: 2000 }) }),
    fc.record({ shards: fc.integer({ min: 1, max: 12 }) }),
  );

  test('restores the file', async () => {
    await fc.assert(
      fc.asyncProperty(anyPayloads, ways, async (payloads, way) => {
        const shards = await split(payloads, way);
        const merged = temp.file('merged.tfrecord');
        const { records } = await mergeFiles(shards, merged, { overwrite: true });
        expectBytes(bytesOf(merged), fileOf('tfrecord', payloads));
        if (way.shards !== undefined) {
          expect(shards).toHaveLength(way.shards);
          expect(Math.max(...records) - Math.min(...records)).toBeLessThanOrEqual(1);
        }
        if (way.recordsPerShard !== undefined) {
          expect(shards).toHaveLength(Math.max(1, Math.ceil(payloads.length / way.recordsPerShard)));
        }
        if (way.maxShardBytes !== undefined) {
          for (const [i, shard] of shards.entries())
            expect(readFileSync(shard).length <= way.maxShardBytes || records[i] === 1).toBe(true);
        }
      }),
      { numRuns: randomRuns(60) },
    );
  });

  test('splits a pipe into a number of shards', async () => {
    const folder = place();
    const payloads = somePayloads(1);
    const source = rechunk(fileOf('recordio', payloads), 999);
    const { from, outputs } = await splitFile(source, join(folder, 'p'), { shards: 3, to: 'tfrecord' });
    expect(from).toBe('recordio');
    expect(outputs.map(({ records }) => records)).toEqual([52, 51, 51]);
    expect(namesIn(folder)).toHaveLength(3);
    const merged = temp.file('once.tfrecord');
    await mergeFiles(
      outputs.map(({ path }) => path),
      merged,
    );
    expectBytes(bytesOf(merged), fileOf('tfrecord', payloads));
  });
});

describe('split by hash', () => {
  test('equal records go to the same shard, in order', async () => {
    await fc.assert(
      fc.asyncProperty(anyPayloads, fc.integer({ min: 1, max: 20 }), async (payloads, hashShards) => {
        const shards = await split(payloads, { hashShards });
        expect(shards).toHaveLength(hashShards);
        for (const [i, shard] of shards.entries())
          expectRecords(
            await recordsOf(shard),
            payloads.filter((payload) => crc32c(payload) % hashShards === i),
          );
      }),
      { numRuns: randomRuns(30) },
    );
  });

  test('produces the same shards if there are more than can be open at once', async () => {
    const payloads = Array.from({ length: 3000 }, (_, i) => new TextEncoder().encode(`record ${i % 2000}`));
    const shards = await split(payloads, { hashShards: 700 });
    expect(shards).toHaveLength(700);
    for (const i of [0, 1, 350, 699])
      expectRecords(
        await recordsOf(shards[i]),
        payloads.filter((payload) => crc32c(payload) % 700 === i),
      );
  });

  test('distributes records about evenly', async () => {
    const payloads = Array.from({ length: 20_000 }, (_, i) => new TextEncoder().encode(`record ${i}`));
    const { outputs } = await splitFile(fileOf('tfrecord', payloads), join(place(), 'p'), { hashShards: 10 });
    for (const { records } of outputs) expect(Math.abs(records - 2000)).toBeLessThan(200);
  });
});

describe('names', () => {
  test('have the extension of format and compression by default', async () => {
    const source = fileOf('tfrecord', somePayloads(1).slice(0, 2));
    const folder = place();
    await splitFile(source, join(folder, 'a'), { shards: 1, to: 'recordio', write: { compression: 'gzip' } });
    await splitFile(source, join(folder, 'b'), { shards: 1, suffix: '' });
    expect(namesIn(folder)).toEqual(['a-00000-of-00001.rec.gz', 'b-00000-of-00001']);
  });

  test.each([{ recordsPerShard: 2 }, { hashShards: 2 }])(
    'that already exist are an error: %j',
    async (way) => {
      const folder = place();
      const payloads = somePayloads(1).slice(0, 6);
      const prefix = join(folder, 'p');
      writeFileSync(`${prefix}-00001-of-00002.tfrecord`, fileOf('tfrecord', payloads));
      const error = await failureOf(() => splitFile(fileOf('tfrecord', payloads), prefix, way));
      expect(error.code).toBe('already-exists');
      const own = `${prefix}-00001-of-00002.tfrecord`;
      expect((await failureOf(() => splitFile(own, prefix, { ...way, overwrite: true }))).code).toBe(
        'unsupported-source',
      );
      expect(namesIn(folder)).toEqual(['p-00001-of-00002.tfrecord']);
      await splitFile(fileOf('tfrecord', payloads), prefix, { ...way, overwrite: true });
      expect(namesIn(folder)).toContain(
        'p-00000-of-00002.tfrecord'.replace('00002', way.hashShards ? '00002' : '00003'),
      );
    },
  );
});

test.each([{ recordsPerShard: 1 }, { maxShardBytes: 100 }, { shards: 3 }, { hashShards: 3 }])(
  '%j: damage at the end leaves no shard',
  async (way) => {
    const folder = place();
    const source = fileOf('tfrecord', somePayloads(3).slice(0, 40));
    source[source.length - 1] ^= 1;
    const error = await failureOf(() => splitFile(source, join(folder, 'p'), way));
    expect(error.code).toBe('data-checksum');
    expect(namesIn(folder)).toEqual([]);
    expect(openDescriptors(folder)).toBe(0);
  },
);

test.each([
  {},
  { shards: 2, hashShards: 2 },
  { shards: 0 },
  { hashShards: 100_000 },
  { recordsPerShard: 1.5 },
  { maxShardBytes: Number.NaN },
])('%j is rejected', async (way) => {
  await expect(splitFile([], temp.file('x'), way)).rejects.toThrow(UsageError);
});

test('mergeFiles rejects an empty list of sources', async () => {
  await expect(mergeFiles([], temp.file('x.tfrecord'))).rejects.toThrow(UsageError);
});

test('mergeFiles closes open sources if a later one is missing', async () => {
  const folder = place();
  const first = join(folder, 'a.tfrecord');
  writeFileSync(first, fileOf('tfrecord', somePayloads(1)));
  const error = await failureOf(() => mergeFiles([first, join(folder, 'missing')], join(folder, 'out.rec')));
  expect(error).toMatchObject({ code: 'not-found', uri: join(folder, 'missing') });
  expect(namesIn(folder)).toEqual(['a.tfrecord']);
  expect(openDescriptors(folder)).toBe(0);
});

test('a prefix may consist of a folder only', async () => {
  const folder = place();
  const source = fileOf('tfrecord', somePayloads(1).slice(0, 4));
  await splitFile(source, `${folder}/`, { shards: 2 });
  expect(namesIn(folder)).toEqual(['-00000-of-00002.tfrecord', '-00001-of-00002.tfrecord']);
  const again = await failureOf(() => splitFile(source, `${folder}/`, { recordsPerShard: 1 }));
  expect(again.code).toBe('already-exists');
});
