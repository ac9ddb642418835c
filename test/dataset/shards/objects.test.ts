import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dataset, type ShardsOptions } from '../../../src/dataset/index.ts';
import { encodeTFRecord } from '../../../src/formats/index.ts';
import { buildIndex } from '../../../src/records/indexes/index.ts';
import { type FaultyS3, faultyS3 } from '../../support/faulty-s3/index.ts';
import { concat } from '../../support/oracle-tfrecord.ts';
import { tempDir } from '../../support/temp-dir.ts';

const temp = tempDir();
const COUNTS = [20, 0, 60, 20];
const text = (record: Uint8Array): string => new TextDecoder().decode(record.subarray(0, 10)).trimEnd();
const all = COUNTS.flatMap((count, shard) => Array.from({ length: count }, (_, i) => `${shard}.${i}`));
let server: FaultyS3;
let options: ShardsOptions;

function record(shard: number, i: number): Uint8Array {
  const bytes = new Uint8Array(2000).fill(32);
  bytes.set(new TextEncoder().encode(`${shard}.${i}`));
  return encodeTFRecord(bytes);
}

beforeAll(async () => {
  const objects: Record<string, Uint8Array> = {};
  for (const [shard, count] of COUNTS.entries()) {
    const name = `${shard}.tfrecord`;
    const file = temp.file(name, concat(Array.from({ length: count }, (_, i) => record(shard, i))));
    const { indexPath } = await buildIndex(file);
    objects[`bucket/train/${name}`] = readFileSync(file);
    objects[`bucket/train/${name}.rpidx`] = readFileSync(indexPath);
  }
  server = await faultyS3({ objects });
  options = { objects: { endpointUrl: server.url, region: 'us-east-1', anonymous: true } };
});
afterAll(() => server[Symbol.asyncDispose]());

const read = (more: ShardsOptions): Promise<string[]> =>
  Dataset.shards('s3://bucket/train/', { ...options, ...more })
    .map(text)
    .toArray({ iteration: 0 });

test('reads objects in the same order as local files', async () => {
  expect(await read({})).toEqual(all);
  for (const sizes of [
    { blockRecords: 8, groupBlocks: 20 },
    { blockRecords: 1, groupBlocks: 1 },
  ]) {
    const order = { order: 'shuffled', seed: 3, ...sizes } as const;
    const local = Dataset.shards(temp.file('*.tfrecord'), order).map(text);
    const whole = await local.toArray({ iteration: 0 });
    expect(await read({ ...order, worker: 1, workers: 3 })).toEqual(whole.filter((_, at) => at % 3 === 1));
    if (sizes.blockRecords > 1) expect(await read(order)).toEqual(whole);
  }
});

test('reads blocks with one request each, and no block of another worker', async () => {
  const before = server.log.length;
  const order = { order: 'shuffled', seed: 3, blockRecords: 10, groupBlocks: 48, workers: 2 } as const;
  const half = await read({ ...order, worker: 0 });
  expect(half).toHaveLength(50);
  const blocks = server.log
    .slice(before)
    .filter(
      ({ key, range }) => !key.endsWith('.rpidx') && range !== undefined && !range.startsWith('bytes=0-'),
    );
  // Three objects have 10 blocks. Their beginnings arrive when they are opened.
  expect(blocks.length).toBeLessThanOrEqual(5);
});

test('an object that is removed during the iteration is an error', async () => {
  // Larger than the beginning that is read when the object is opened, and than what is read ahead.
  const large = concat(Array.from({ length: 40 }, () => encodeTFRecord(new Uint8Array(100_000))));
  server.store.put('bucket/large.tfrecord', large);
  const order = { order: 'shuffled', seed: 1, blockRecords: 1, groupBlocks: 1, missing: 'memory' } as const;
  const iterator = Dataset.shards('s3://bucket/large.tfrecord', { ...options, ...order }).iterate();
  await iterator.next();
  server.store.delete('bucket/large.tfrecord');
  let delivered = 1;
  const rest = (async (): Promise<void> => {
    for (; !(await iterator.next()).done; delivered++);
  })();
  await expect(rest).rejects.toMatchObject({ code: 'object-missing', uri: 's3://bucket/large.tfrecord' });
  expect(delivered).toBeLessThan(40);
});
