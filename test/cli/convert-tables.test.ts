import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DateDay, Int64, Table, tableToIPC, vectorFromArray } from 'apache-arrow';
import { Table as WasmTable, writeParquet } from 'parquet-wasm';
import { describe, expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { encodeExample } from '../../src/messages/index.ts';
import { cli, ended, startCli } from '../support/cli.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { type S3Place, s3Place } from '../support/s3-place.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
let places = 0;

/** Creates a folder with two record files, `data/a.tfrecord` with records 0 to 2 and `data/b.tfrecord`. */
function place(): { cwd: string; names(folder?: string): string[]; read(name: string): Buffer } {
  const cwd = temp.file(`place-${places++}`);
  mkdirSync(join(cwd, 'data'), { recursive: true });
  writeFileSync(join(cwd, 'data/a.tfrecord'), fileOf(0, 3));
  writeFileSync(join(cwd, 'data/b.tfrecord'), fileOf(3, 5));
  return {
    cwd,
    names: (folder = '.') => readdirSync(join(cwd, folder)).sort(),
    read: (name) => readFileSync(join(cwd, name)),
  };
}

function fileOf(from: number, to: number): Uint8Array {
  const records = Array.from({ length: to - from }, (_, i) => {
    const name = i === 0 ? {} : { 'text/name': { kind: 'bytes', value: [`n${from + i}`] } as const };
    const features = { id: { kind: 'int64', value: [from + i] } as const, ...name };
    return encodeTFRecord(encodeExample(features, { deterministic: true }));
  });
  return concat(records);
}

test('a folder becomes one table, and the table becomes records again', async () => {
  const { cwd, read } = place();
  const first = await cli(['convert', 'data', 'all.csv'], { cwd });
  expect(first).toMatchObject({ code: 0, stdout: '', stderr: 'all.csv: 5 records, 34 B (records to csv)\n' });
  expect(read('all.csv').toString()).toBe('id,text/name\n0,\n1,n1\n2,n2\n3,\n4,n4\n');
  await cli(['convert', 'all.csv', 'all.jsonl'], { cwd });
  expect(read('all.jsonl').toString().split('\n')[1]).toBe('{"id":1,"text/name":"n1"}');
  expect(await cli(['convert', 'all.jsonl', 'back.tfrecord'], { cwd })).toMatchObject({ code: 0 });
  expect(read('back.tfrecord')).toEqual(Buffer.concat([fileOf(0, 3), fileOf(3, 5)]));
});

test('a feature without a name survives in every format', async () => {
  const { cwd, read } = place();
  const record = encodeExample({ '': { kind: 'int64', value: [1] }, b: { kind: 'int64', value: [2] } });
  writeFileSync(join(cwd, 'unnamed.tfrecord'), encodeTFRecord(record));
  for (const extension of ['arrow', 'arrows', 'parquet', 'csv', 'jsonl']) {
    const [table, back] = [`unnamed.${extension}`, `${extension}.tfrecord`];
    expect(await cli(['convert', 'unnamed.tfrecord', table], { cwd })).toMatchObject({ code: 0 });
    expect(await cli(['convert', table, back], { cwd })).toMatchObject({ code: 0 });
    expect(read(back)).toEqual(read('unnamed.tfrecord'));
  }
});

test('several inputs, chosen columns, rows per file and --json', async () => {
  const { cwd, names, read } = place();
  const args = [
    'data/b.tfrecord',
    'data/a.tfrecord',
    'out.csv',
    '--columns',
    'i*',
    '--rows-per-file',
    '2',
    '--json',
  ];
  const { stdout, code } = await cli(['convert', ...args], { cwd });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    from: 'auto',
    to: 'csv',
    records: 5,
    skipped: 0,
    outputs: [{ path: 'out-00000-of-00003.csv', records: 2 }, { records: 2 }, { records: 1 }],
    schema: { fields: [{ name: 'id' }] },
  });
  expect(names()).toEqual(['data', ...[0, 1, 2].map((i) => `out-0000${i}-of-00003.csv`)]);
  expect(read('out-00000-of-00003.csv').toString()).toBe('id\n3\n4\n');
});

test('--skip-errors reports what it skips, with -q and --json too', async () => {
  const { cwd } = place();
  const bytes = Buffer.concat(Array(14).fill(fileOf(5, 6)));
  const size = bytes.length / 14;
  for (let i = 1; i < 13; i++) bytes[i * size + 14] ^= 1;
  writeFileSync(join(cwd, 'bad.tfrecord'), bytes);
  const args = ['convert', 'bad.tfrecord', 'out.jsonl', '--force', '--skip-errors', '12'];
  const listed = (stderr: string): number =>
    stderr.match(/recordpipe: data-checksum: .*record \d+/g)?.length ?? 0;
  const quiet = await cli([...args, '-q'], { cwd });
  expect(quiet).toMatchObject({ code: 0, stdout: '' });
  expect(listed(quiet.stderr)).toBe(10);
  expect(quiet.stderr).toMatch(/\nrecordpipe: warning: out\.jsonl: 12 records skipped \(--skip-errors\)\n$/);
  const json = await cli([...args, '--json'], { cwd });
  expect(listed(json.stderr)).toBe(12);
  const { skipped, findings } = JSON.parse(json.stdout);
  expect(skipped).toBe(12);
  expect(findings.map(({ record }: { record: number }) => record)).toEqual([
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,
  ]);
  const folder = await cli(
    ['convert', 'bad.tfrecord', '--output-dir', 'o', '--to', 'csv', '-q', '--skip-errors', '99'],
    { cwd },
  );
  expect(folder.stderr).toMatch(/bad\.csv: 12 records skipped/);
});

test('--lossy reports what it drops, even with -q', async () => {
  const { cwd } = place();
  const tags = encodeExample({
    tags: { kind: 'bytes', value: ['a', 'b'] },
    id: { kind: 'int64', value: [1] },
  });
  writeFileSync(join(cwd, 'tags.tfrecord'), encodeTFRecord(tags));
  const run = await cli(['convert', 'tags.tfrecord', 'tags.csv', '--lossy', '-q'], { cwd });
  expect(run).toMatchObject({ code: 0, stderr: expect.stringContaining('warning: dropped from "tags"') });
});

test('the output of --json is a schema for the way back', async () => {
  const { cwd, read } = place();
  const { stdout } = await cli(['convert', 'data', 'all.csv', '--json'], { cwd });
  writeFileSync(join(cwd, 'columns.json'), stdout);
  const back = await cli(['convert', 'all.csv', 'back.tfrecord', '--schema', 'columns.json'], { cwd });
  expect(back.code, back.stderr).toBe(0);
  expect(read('back.tfrecord')).toEqual(Buffer.concat([fileOf(0, 3), fileOf(3, 5)]));
});

test('--output-dir writes one table per file, with the same columns', async () => {
  const { cwd, names, read } = place();
  writeFileSync(join(cwd, 'data/c.tfrecord-00000-of-00001'), fileOf(9, 10));
  const run = await cli(['convert', 'data', '--output-dir', 'out', '--to', 'csv'], { cwd });
  expect(run.code).toBe(0);
  expect(names('out')).toEqual(['a.csv', 'b.csv', 'c-00000-of-00001.csv']);
  expect(read('out/c-00000-of-00001.csv').toString()).toBe('id,text/name\n9,\n');
  const back = await cli(['convert', 'out', '--from', 'csv', '--to', 'tfrecord', '--output-dir', 'back'], {
    cwd,
  });
  expect(back.code, back.stderr).toBe(0);
  expect(names('back')).toEqual(['a.tfrecord', 'b.tfrecord', 'c-00000-of-00001.tfrecord']);
  expect(read('back/a.tfrecord')).toEqual(Buffer.from(fileOf(0, 3)));
});

test('the shards of a plan write the same tables as one run', async () => {
  const { cwd, names, read } = place();
  await cli(['plan', 'data', '-o', 'plan.jsonl', '-q'], { cwd });
  const refused = await cli(['convert', '--plan', 'plan.jsonl', '--to', 'csv', '--output-dir', 'out'], {
    cwd,
  });
  expect(refused).toMatchObject({ code: 2, stderr: expect.stringContaining('recordpipe schema') });
  await cli(['schema', 'data', '-o', 'schema.json', '-q'], { cwd });
  for (const shard of ['0/2', '1/2']) {
    const args = ['--plan', 'plan.jsonl', '--shard', shard, '--to', 'csv', '--output-dir', 'out'];
    const run = await cli(['convert', ...args, '--schema', 'schema.json', '--report', 'reports/'], { cwd });
    expect(run.code, run.stderr).toBe(0);
  }
  expect(names('out')).toEqual(['a.csv', 'b.csv']);
  expect(read('out/a.csv').toString()).toBe('id,text/name\n0,\n1,n1\n2,n2\n');
  expect((await cli(['merge', 'reports/', '-o', 'total.json'], { cwd })).code).toBe(0);
});

describe('standard input and output', () => {
  test('require a schema or --infer', async () => {
    const { cwd } = place();
    const args = ['convert', '-', '-', '--to', 'jsonl'];
    const refused = await cli(args, { cwd, input: fileOf(0, 3) });
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('--infer') });
    const run = await cli([...args, '--infer', '10'], { cwd, input: fileOf(0, 3) });
    expect(run).toMatchObject({ code: 0, stderr: '<stdout>: 3 records, 61 B (records to jsonl)\n' });
    expect(run.stdout).toBe('{"id":0}\n{"id":1,"text/name":"n1"}\n{"id":2,"text/name":"n2"}\n');
    const back = await cli(['convert', '-', '-', '--from', 'jsonl', '--to', 'tfrecord', '--infer', '9'], {
      cwd,
      input: run.bytes,
    });
    expect(back.bytes).toEqual(Buffer.from(fileOf(0, 3)));
  });

  test('a reader that closes the pipe ends the command quietly', async () => {
    const { cwd } = place();
    writeFileSync(join(cwd, 'big.tfrecord'), Buffer.concat(Array(20_000).fill(fileOf(0, 3))));
    const child = startCli(['convert', 'big.tfrecord', '-', '--to', 'jsonl', '--infer', '9'], { cwd });
    const run = ended(child);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await run).toMatchObject({ code: 0, signal: null, stderr: '' });
  });
});

test('damage leaves no output, unless --skip-errors allows it', async () => {
  const { cwd, names, read } = place();
  const bytes = fileOf(0, 3);
  bytes[16] ^= 1;
  writeFileSync(join(cwd, 'bad.tfrecord'), bytes);
  const args = ['convert', 'bad.tfrecord', 'out.csv', '--infer', '2'];
  const failed = await cli(args, { cwd });
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('data-checksum') });
  expect(names()).toEqual(['bad.tfrecord', 'data']);
  const run = await cli([...args, '--skip-errors', '1'], { cwd });
  expect(run.code).toBe(0);
  expect(run.stderr).toContain('1 record skipped');
  expect(run.stderr).toContain('data-checksum');
  expect(read('out.csv').toString()).toBe('id,text/name\n1,n1\n2,n2\n');
});

test('--skip-errors skips payloads that are no messages', async () => {
  const { cwd, read } = place();
  writeFileSync(join(cwd, 'bad.tfrecord'), concat([fileOf(0, 1), encodeTFRecord(Uint8Array.of(255, 255))]));
  const args = ['convert', 'bad.tfrecord', 'data/b.tfrecord', 'out.csv'];
  expect((await cli(args, { cwd })).code).toBe(1);
  const { code, stderr } = await cli([...args, '--skip-errors', '1'], { cwd });
  expect(code).toBe(0);
  expect(stderr).toContain('malformed-example');
  expect(stderr).toContain('3 records, 24 B, 1 record skipped');
  expect(read('out.csv').toString()).toBe('id,text/name\n0,\n3,\n4,n4\n');
});

test('--lossy reports what it drops', async () => {
  const { cwd, read } = place();
  const tags = { kind: 'int64', value: [1, 2] } as const;
  writeFileSync(
    join(cwd, 'in.tfrecord'),
    encodeTFRecord(encodeExample({ id: { kind: 'int64', value: [1] }, tags })),
  );
  const failed = await cli(['convert', 'in.tfrecord', 'out.csv'], { cwd });
  expect(failed).toMatchObject({ code: 1, stderr: expect.stringContaining('--lossy') });
  const run = await cli(['convert', 'in.tfrecord', 'out.csv', '--lossy'], { cwd });
  expect(run.stderr).toContain('dropped from "tags": lists');
  expect(read('out.csv').toString()).toBe('id\n1\n');
});

describe('convert rejects', () => {
  test.each([
    [['data', 'out.tfrecord', '--columns', 'id'], '--columns: applies only to tables'],
    [['data', '-'], '--to'],
    [['data', 'out', '--from', 'csv'], 'format'],
    [['data', 'out.csv', '--columns', 'nope'], 'id, text/name'],
    [['data', 'out.csv', '--infer', '0'], '>= 1'],
    [['data/a.tfrecord', 'out.b64', '--from', 'csv'], 'table format'],
  ])('%j: exit code 2', async (args, text) => {
    const { cwd, names } = place();
    const { code, stdout, stderr } = await cli(['convert', ...args], { cwd });
    expect({ code, stdout }, stderr).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(text);
    expect(names()).toEqual(['data']);
  });

  test('several outputs on standard output', async () => {
    const { cwd, names } = place();
    const args = ['convert', 'data', '-', '--to', 'arrow', '--rows-per-file', '2'];
    const { code, stderr } = await cli(args, { cwd });
    expect(code).toBe(2);
    expect(stderr).toMatch(/^recordpipe: --rows-per-file: requires a name for the outputs/);
    expect(names()).toEqual(['data']);
  });

  test('an input without records, which needs a schema', async () => {
    const { cwd, names } = place();
    writeFileSync(join(cwd, 'empty.tfrecord'), '');
    const { code, stderr } = await cli(['convert', 'empty.tfrecord', 'empty.csv'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toBe(
      'recordpipe: no-records: the columns cannot be inferred, because the inputs have no records\n' +
        '  next: check the inputs and the filter; to write a table without rows, pass --schema FILE\n',
    );
    expect(names()).toEqual(['data', 'empty.tfrecord']);
    await cli(['schema', 'data', '-o', 'schema.json'], { cwd });
    const args = ['convert', 'empty.tfrecord', 'empty.csv', '--schema', 'schema.json'];
    expect(await cli(args, { cwd })).toMatchObject({ code: 0 });
  });

  test('columns of types that records do not have, and names the way to leave them out', async () => {
    const { cwd, read } = place();
    const day = vectorFromArray([new Date(0)], new DateDay());
    const table = new Table({ id: vectorFromArray([1n], new Int64()), day });
    writeFileSync(join(cwd, 'days.arrow'), tableToIPC(table, 'file'));
    const { code, stderr } = await cli(['convert', 'days.arrow', 'days.tfrecord'], { cwd });
    expect(code).toBe(1);
    expect(stderr).toContain('unrepresentable: column "day": records cannot contain date values');
    expect(stderr).toContain('  next: change the column first, or pass --columns');
    const parquet = writeParquet(WasmTable.fromIPCStream(tableToIPC(table, 'stream')));
    writeFileSync(join(cwd, 'days.parquet'), parquet);
    for (const input of ['days.arrow', 'days.parquet']) {
      for (const columns of ['id', 'i*']) {
        const args = ['convert', input, 'days.jsonl', '--columns', columns, '--force'];
        expect(await cli(args, { cwd })).toMatchObject({ code: 0 });
        expect(read('days.jsonl').toString()).toBe('{"id":1}\n');
      }
      const unknown = await cli(['convert', input, 'days.jsonl', '--columns', 'x*', '--force'], { cwd });
      expect(unknown).toMatchObject({ code: 2, stderr: expect.stringContaining('"x*" is not a column') });
    }
  });

  test('an existing output, without --force', async () => {
    const { cwd } = place();
    writeFileSync(join(cwd, 'out.csv'), '');
    expect(await cli(['convert', 'data', 'out.csv'], { cwd })).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('--force'),
    });
    expect((await cli(['convert', 'data', 'out.csv', '--force'], { cwd })).code).toBe(0);
  });
});

test('--skip and --records select records over all inputs', async () => {
  const { cwd, read } = place();
  const range = ['--skip', '2', '--records', '2', '--batch-rows', '1'];
  expect(await cli(['convert', 'data', 'some.csv', ...range], { cwd })).toMatchObject({ code: 0 });
  expect(read('some.csv').toString()).toBe('id,text/name\n2,n2\n3,\n');
  const { code, stderr } = await cli(['convert', 'data/a.tfrecord', 'a.rec', '--skip', '1'], { cwd });
  expect(code).toBe(2);
  expect(stderr).toContain('--skip: applies only to tables');
});

test('objects are inputs and outputs', async () => {
  const { cwd } = place();
  await using s3: S3Place = await s3Place({
    objects: { 'bucket/data/a.tfrecord': fileOf(0, 3), 'bucket/data/b.tfrecord': fileOf(3, 5) },
  });
  const run = (...args: string[]): ReturnType<typeof cli> => cli(['convert', ...args], { cwd, env: s3.env });
  for (const name of ['all.parquet', 'all.arrow', 'all.jsonl.gz']) {
    const there = await run('s3://bucket/data/', `s3://bucket/${name}`);
    expect(there.code, there.stderr).toBe(0);
    const back = await run(`s3://bucket/${name}`, '-', '--to', 'tfrecord', '-q');
    expect(back.code, back.stderr).toBe(0);
    expect(back.bytes).toEqual(Buffer.concat([fileOf(0, 3), fileOf(3, 5)]));
  }
});

test('Arrow goes through pipes as a stream', async () => {
  const { cwd } = place();
  const first = await cli(['convert', 'data', '-', '--to', 'arrow', '-q'], { cwd });
  expect(first.code, first.stderr).toBe(0);
  const back = await cli(['convert', '-', '-', '--from', 'arrow', '--to', 'tfrecord', '-q'], {
    cwd,
    input: first.bytes,
  });
  expect(back.code, back.stderr).toBe(0);
  expect(back.bytes).toEqual(Buffer.concat([fileOf(0, 3), fileOf(3, 5)]));
});
