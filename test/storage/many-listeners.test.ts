import { afterAll, beforeAll, expect, test } from 'vitest';
import { countFiles, validateFiles } from '../../src/check/index.ts';
import { Dataset } from '../../src/dataset/index.ts';
import { openTFRecordWriter } from '../../src/records/write/index.ts';
import { openObjectReader, readObjects, statObject } from '../../src/storage/index.ts';
import { closeS3Clients } from '../../src/storage/s3/s3-clients.ts';
import { type FaultyS3, faultyS3 } from '../support/faulty-s3/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const warnings: string[] = [];
const onWarning = (warning: Error): void => void warnings.push(`${warning.stack}`);
let server: FaultyS3;
let files: string[];
let uris: string[];

beforeAll(async () => {
  process.on('warning', onWarning);
  Object.assign(process.env, {
    AWS_ACCESS_KEY_ID: 'key',
    AWS_SECRET_ACCESS_KEY: 'secret',
    AWS_REGION: 'us-east-1',
  });
  files = Array.from({ length: 40 }, (_, i) => temp.file(`${i}.tfrecord`));
  for (const file of files) {
    const writer = await openTFRecordWriter(file);
    await writer.write(new Uint8Array(3));
    await writer.close();
  }
  const { readFileSync } = await import('node:fs');
  const bytes = new Uint8Array(readFileSync(files[0]));
  server = await faultyS3({
    objects: Object.fromEntries(files.map((_, i) => [`many/${i}.tfrecord`, bytes])),
    latencyMs: 20,
  });
  uris = files.map((_, i) => `s3://many/${i}.tfrecord`);
});
afterAll(async () => {
  process.off('warning', onWarning);
  await closeS3Clients();
  await server.close();
});

test('forty concurrent files and objects with one signal cause no Node warning', async () => {
  const { signal } = new AbortController();
  const objects = { endpointUrl: server.url };
  const opened = await Promise.all(uris.map((uri) => openObjectReader(uri, { ...objects, signal })));
  await Promise.all(opened.map((reader) => reader.read(0, 8)));
  await Promise.all(opened.map((reader) => reader.close()));
  await Promise.all(uris.map((uri) => statObject(uri, { ...objects, signal })));
  const list = uris.map((uri) => ({ uri }));
  await Promise.all(
    [1, 2].map(async () => {
      for await (const _ of readObjects(list, { ...objects, signal }));
    }),
  );
  expect((await validateFiles(uris, { objects, jobs: 1, signal })).totals.records).toBe(40);
  expect((await countFiles([...uris, ...files], { objects, jobs: 1, signal })).records).toBe(80);
  const dataset = Dataset.from(files).interleave((file) => Dataset.records(file), { cycleLength: 20 });
  expect((await dataset.toArray({ signal })).length).toBe(40);
  await new Promise((resolve) => setImmediate(resolve));
  expect(warnings).toEqual([]);
});
