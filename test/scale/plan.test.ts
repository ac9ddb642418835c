import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, expect, test } from 'vitest';
import { buildIndex } from '../../src/records/indexes/index.ts';
import { planShards, readPlan, writePlan } from '../../src/scale/index.ts';
import { FIXTURES } from '../support/golden.ts';
import { type S3Place, s3Place } from '../support/s3-place.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();

beforeAll(() => {
  temp.file('b.tfrecord', new Uint8Array(20));
  temp.file('a.tfrecord', new Uint8Array(10));
  temp.file('c.rec', new Uint8Array(30));
  temp.file('notes.txt', new Uint8Array(1));
});

test('a plan lists the sorted files and hashes them', async () => {
  const plan = await planShards(temp.path);
  expect(plan.files.map(({ uri, size }) => [uri.slice(temp.path.length + 1), size])).toEqual([
    ['a.tfrecord', 10],
    ['b.tfrecord', 20],
    ['c.rec', 30],
  ]);
  expect(plan.bytes).toBe(60);
  const named = ['c.rec', 'a.tfrecord', 'b.tfrecord', 'a.tfrecord'].map((name) => temp.file(name));
  expect((await planShards(named)).hash).toBe(plan.hash);
  expect((await planShards(named.slice(0, 2))).hash).not.toBe(plan.hash);
});

test.each(['plan.jsonl', 'plan.jsonl.gz'])(
  '%s: readPlan returns the plan that writePlan wrote',
  async (name) => {
    const plan = await planShards(temp.path, { shards: 8 });
    const path = temp.file(name);
    await writePlan(plan, path);
    expect(await readPlan(path)).toEqual(plan);
    await expect(writePlan(plan, path)).rejects.toMatchObject({ code: 'already-exists' });
    await writePlan(plan, path, { overwrite: true });
    const text = name.endsWith('.gz')
      ? gunzipSync(readFileSync(path)).toString()
      : readFileSync(path, 'utf8');
    expect(text.split('\n')).toHaveLength(6);
  },
);

test('readPlan rejects an incomplete or modified plan', async () => {
  const path = temp.file('whole.jsonl');
  await writePlan(await planShards(temp.path), path);
  const lines = readFileSync(path, 'utf8').split('\n');
  const broken: Record<string, string> = {
    empty: '',
    'cut behind a line': `${lines.slice(0, -2).join('\n')}\n`,
    'cut within a line': lines.join('\n').slice(0, -20),
    'without a line': lines.filter((_, i) => i !== 2).join('\n'),
    'with a line twice': lines.flatMap((line, i) => (i === 2 ? [line, line] : [line])).join('\n'),
    'of another size': lines.join('\n').replace('"size":10', '"size":11'),
    'a list': 'a.tfrecord\n',
    'another JSON': '{"a":1}\n',
  };
  for (const [what, text] of Object.entries(broken)) {
    const other = temp.file('broken.jsonl');
    writeFileSync(other, text);
    const failure = await readPlan(other).catch((error: unknown) => error);
    expect([what, failure]).toEqual([what, expect.objectContaining({ code: 'malformed-plan' })]);
  }
});

test('planShards rejects standard input and missing files', async () => {
  await expect(planShards('-')).rejects.toThrow(/cannot be divided/);
  await expect(planShards(temp.file('none.tfrecord'))).rejects.toMatchObject({ code: 'not-found' });
  await expect(planShards(temp.path, { cutBytes: 0 })).rejects.toThrow(/cutBytes: expected/);
});

test('a large file with an index is divided at record boundaries', async () => {
  const folder = tempDirOf();
  const bytes = readFileSync(new URL('tfrecord-many-small.bin', FIXTURES));
  const path = folder('small.tfrecord', bytes);
  const uncut: string[] = [];
  const options = { cutBytes: 1000, onUncut: (uri: string) => uncut.push(uri) };
  expect((await planShards(path, options)).files).toHaveLength(1);
  expect(uncut).toEqual([path]);
  await buildIndex(path);
  const { files } = await planShards(path, options);
  expect(files.length).toBeGreaterThan(2);
  let record = 0;
  let at = 0;
  for (const { uri, size, range } of files) {
    expect([uri, size, range?.from, range?.start]).toEqual([path, bytes.length, record, at]);
    record = range!.to;
    at = range!.end;
  }
  expect(at).toBe(bytes.length);
  const plan = temp.file('cut.jsonl');
  await writePlan(await planShards(path, options), plan);
  expect((await readPlan(plan)).files).toEqual(files);
});

function tempDirOf(): (name: string, bytes: Uint8Array) => string {
  return (name, bytes) => temp.file(`cut-${name}`, bytes);
}

test('objects: sizes and ETags come from the listing or from requests', async () => {
  const objects = { 'bucket/x/a.tfrecord': new Uint8Array(5), 'bucket/x/b.tfrecord': new Uint8Array(7) };
  await using place: S3Place = await s3Place({ objects });
  const options = { objects: place.objects };
  const listed = await planShards('s3://bucket/x/', options);
  expect(listed.files.map(({ size, etag }) => [size, typeof etag])).toEqual([
    [5, 'string'],
    [7, 'string'],
  ]);
  const named = await planShards(['s3://bucket/x/b.tfrecord', 's3://bucket/x/a.tfrecord'], options);
  expect(named).toEqual(listed);
  await writePlan(listed, 's3://bucket/plan.jsonl.gz', options);
  expect(await readPlan('s3://bucket/plan.jsonl.gz', options)).toEqual(listed);
});

test('a plan never replaces a file that it lists', async () => {
  const data = temp.file('listed.tfrecord', new Uint8Array(10));
  const link = join(temp.path, 'link.jsonl');
  symlinkSync(data, link);
  const plan = await planShards(data);
  for (const output of [data, link])
    await expect(writePlan(plan, output, { overwrite: true })).rejects.toMatchObject({
      code: 'unsupported-source',
    });
  expect(readFileSync(data)).toHaveLength(10);
});
