import { readFile, writeFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Dataset, type DatasetIterator, type DatasetState } from '../../src/dataset/index.ts';
import { encodeRecordIO, encodeTextLine, encodeTFRecord } from '../../src/index.ts';
import { type FaultyS3, faultyS3 } from '../support/faulty-s3/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const folder = tempDir();
const text = (record: Uint8Array): string => new TextDecoder().decode(record);
const encoders = { tfrecord: encodeTFRecord, rec: encodeRecordIO, txt: encodeTextLine };
const names = (file: number): string[] =>
  Array.from({ length: 40 }, (_, i) => `${file}:${i}:${'x'.repeat((7 * i) % 31)}`);

function shard(kind: keyof typeof encoders, file: number): Buffer {
  return Buffer.concat(names(file).map((name) => encoders[kind](new TextEncoder().encode(name))));
}

async function afterElements<T>(iterator: DatasetIterator<T>, count: number): Promise<DatasetState> {
  for (let i = 0; i < count; i++) await iterator.next();
  const state = JSON.parse(JSON.stringify(iterator.state()));
  await iterator.return();
  return state;
}

/** Returns the code and the message of the error of an iteration. */
function outcomeOf(dataset: AsyncIterable<unknown> & { count(): Promise<number> }): Promise<string> {
  return dataset.count().then(String, ({ code, message }) => `${code}: ${message}`);
}

/** Expects each position of a dataset to be resumed at the next record. */
async function expectResumes(dataset: Dataset<string>): Promise<void> {
  const whole = await dataset.toArray({ iteration: 0 });
  for (const count of [0, 1, 39, 40, 41, 79, 80, whole.length]) {
    const state = await afterElements(dataset.iterate({ iteration: 0 }), count);
    expect(await dataset.resume(state).toArray(), `after ${count}`).toEqual(whole.slice(count));
  }
}

describe('files', () => {
  test.each(Object.keys(encoders) as (keyof typeof encoders)[])('of %s, compressed and not', async (kind) => {
    const paths = [0, 1, 2].map((i) => folder.file(`${i}.${kind}${i === 1 ? '.gz' : ''}`));
    for (const [i, path] of paths.entries())
      await writeFile(path, i === 1 ? gzipSync(shard(kind, i)) : shard(kind, i));
    await expectResumes(Dataset.records(paths).map(text));
    await expectResumes(Dataset.records(paths, { chunkBytes: 64, format: 'auto' }).map(text));
    const files = Dataset.files(paths);
    const interleaved = files.interleave((file) => Dataset.records(file), { cycleLength: 2, blockLength: 3 });
    await expectResumes(interleaved.shuffle(7, { seed: 1 }).map(text));
  });

  test('a file of another size, and a missing file, are errors that name the file', async () => {
    const paths = ['left.tfrecord', 'right.tfrecord'].map((name) => folder.file(name));
    for (const path of paths) await writeFile(path, shard('tfrecord', 0));
    const dataset = Dataset.records(paths);
    const state = await afterElements(dataset.iterate(), 50);
    await writeFile(paths[1], shard('tfrecord', 0).subarray(0, 500));
    expect(await outcomeOf(dataset.resume(state))).toMatch(
      /^not-resumable: file 1 differs .* has 500 bytes instead of \d+; .*right\.tfrecord/,
    );
    expect(await outcomeOf(Dataset.records([paths[0]]).resume(state))).toMatch(
      /^not-resumable: the state is in file 1, but there are only 1 files/,
    );
    const other = folder.file('other.tfrecord');
    await writeFile(other, shard('tfrecord', 0));
    expect(await outcomeOf(Dataset.records([paths[0], other]).resume(state))).toMatch(
      /^not-resumable: file 1 differs .* has a different name or ETag/,
    );
  });

  test('an uncompressed file is reopened at the position', async () => {
    const path = folder.file('seek.tfrecord');
    await writeFile(path, shard('tfrecord', 0));
    const dataset = Dataset.records(path);
    const state = await afterElements(dataset.iterate(), 30);
    const bytes = await readFile(path);
    bytes.fill(0, 0, 400); // The records before the position are not read.
    await writeFile(path, bytes);
    expect((await dataset.resume(state).toArray()).map(text)).toEqual(names(0).slice(30));
  });
});

describe('objects', () => {
  let server: FaultyS3;
  let options: { objects: { endpointUrl: string; region: string; anonymous: true } };
  const objects = (): Record<string, Buffer> =>
    Object.fromEntries([0, 1, 2].map((i) => [`bucket/train/${i}.tfrecord`, shard('tfrecord', i)]));

  beforeAll(async () => {
    server = await faultyS3({ objects: objects() });
    options = { objects: { endpointUrl: server.url, region: 'us-east-1', anonymous: true } };
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test('continue after the last record, in sequence and interleaved', async () => {
    const dataset = Dataset.records('s3://bucket/train/', options).map(text);
    await expectResumes(dataset);
    const files = Dataset.files('s3://bucket/train/', options);
    await expectResumes(files.interleave((file) => Dataset.records(file, options)).map(text));
  });

  test('an object that was overwritten is an error', async () => {
    const dataset = Dataset.records('s3://bucket/train/', options);
    const state = await afterElements(dataset.iterate(), 50);
    server.store.put('bucket/train/1.tfrecord', shard('tfrecord', 2));
    expect(await outcomeOf(dataset.resume(state))).toMatch(
      /^not-resumable: file 1 differs .* a different name or ETag; .*s3:\/\/bucket\/train\/1\.tfrecord/,
    );
  });
});
