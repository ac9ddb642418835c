import { afterAll, beforeAll, expect, test } from 'vitest';
import { Dataset } from '../../src/dataset/index.ts';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { openObject } from '../../src/storage/index.ts';
import { type FaultyS3, faultyS3 } from '../support/faulty-s3/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';

const shard = (i: number): Uint8Array =>
  concat([0, 1, 2].map((k) => encodeTFRecord(new TextEncoder().encode(`${i}.${k}`))));
const objects = Object.fromEntries([0, 1, 2].map((i) => [`bucket/train/${i}.tfrecord`, shard(i)]));
const text = (record: Uint8Array): string => new TextDecoder().decode(record);
let server: FaultyS3;
let options: { objects: { endpointUrl: string; region: string; anonymous: true } };

beforeAll(async () => {
  server = await faultyS3({ objects: { ...objects, 'bucket/train/notes.md': Buffer.from('x') } });
  options = { objects: { endpointUrl: server.url, region: 'us-east-1', anonymous: true } };
});
afterAll(() => server[Symbol.asyncDispose]());

test('expands prefixes and globs again in each iteration, with new objects', async () => {
  const files = Dataset.files(
    ['s3://bucket/train/', 's3://bucket/train/[01].tfrecord', 's3://bucket/x'],
    options,
  );
  const names = ['0', '1', '2', '0', '1'].map((name) => `s3://bucket/train/${name}.tfrecord`);
  expect(await files.toArray()).toEqual([...names, 's3://bucket/x']);
  server.store.put('bucket/train/3.tfrecord', shard(3));
  expect(await files.count()).toBe(7);
});

test('reads records of objects in sequence and interleaved', async () => {
  const pattern = 's3://bucket/train/[012].tfrecord';
  expect(await Dataset.records(pattern, options).map(text).toArray()).toEqual(
    [0, 1, 2].flatMap((i) => [`${i}.0`, `${i}.1`, `${i}.2`]),
  );
  const mixed = Dataset.files(pattern, options).interleave((file) => Dataset.records(file, options), {
    cycleLength: 3,
  });
  expect(await mixed.map(text).toArray()).toEqual([0, 1, 2].flatMap((k) => [`0.${k}`, `1.${k}`, `2.${k}`]));
});

test('an early end leaves no pending request', async () => {
  const large = concat(Array(200).fill(encodeTFRecord(new Uint8Array(50_000))));
  server.store.put('bucket/large.tfrecord', large);
  for await (const batch of Dataset.records('s3://bucket/large.tfrecord', options).batch(2)) {
    expect(batch).toHaveLength(2);
    break;
  }
  await expect.poll(() => server.log.filter(({ outcome }) => outcome === undefined)).toEqual([]);
});

test('errors for missing and corrupt objects name the object', async () => {
  await expect(Dataset.files('s3://bucket/none/*', options).toArray()).rejects.toMatchObject({
    code: 'object-missing',
    uri: 's3://bucket/none/*',
  });
  server.store.put('bucket/bad.tfrecord', shard(0).subarray(0, 33));
  const seen: string[] = [];
  const reading = Dataset.records('s3://bucket/bad.tfrecord', options).map(text);
  await expect(reading.forEach((record) => void seen.push(record))).rejects.toMatchObject({
    code: 'truncated-record',
    uri: 's3://bucket/bad.tfrecord',
    record: 1,
  });
  expect(seen).toEqual(['0.0']);
});

test('chunks of an object can be sent to threads, moved or copied', async () => {
  const bytes = Uint8Array.from({ length: 3_000_000 }, (_, i) => i % 251);
  server.store.put('bucket/chunks.bin', bytes);
  const work = new URL('./workers/work.mjs', import.meta.url);
  // Use the built package, because Node runs it in threads.
  const built = (await import('recordpipe/dataset')).Dataset;
  for (const transfer of [false, true]) {
    const chunks = built.from(() => openObject('s3://bucket/chunks.bin', options.objects).chunks);
    const seen = await chunks
      .mapInWorkers<{ length: number; sum: number }>(work, { workers: 1, transfer })
      .toArray();
    expect(seen.reduce((all, { length }) => all + length, 0)).toBe(bytes.length);
    expect(seen.reduce((all, { sum }) => all + sum, 0)).toBe(bytes.reduce((a, b) => a + b, 0));
  }
});
