import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { encodeExample } from '../../src/messages/example/encode-example.ts';
import { PipeModeStreamer } from '../../src/pipemode/streamer/index.ts';
import { scanRecords } from '../../src/records/index.ts';
import { openTFRecordShards, recordIOSplitRange } from '../../src/records/write/index.ts';
import { openSource } from '../../src/storage/open-source.ts';
import { readPipe } from '../pipemode/streamer/stream-place.ts';
import { type CliRun, cli } from '../support/cli.ts';
import { MemStorage } from '../support/mem-storage.ts';
import { oracleFile } from '../support/oracle-tfrecord.ts';
import { FILE, OFFSETS, PAYLOADS, withBadPayloads } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const folder = tempDir();
let memory: MemStorage;

const EXAMPLES = oracleFile(
  Array.from({ length: 20 }, (_, i) =>
    encodeExample({ id: { kind: 'int64', value: [i] }, name: { kind: 'bytes', value: [`row ${i}`] } }),
  ),
);

beforeAll(() => {
  const shared = new MemStorage();
  memory = shared;
  return shared.register();
});

beforeEach(() => {
  memory.objects.clear();
  memory.put('mem://box/a.tfrecord', FILE);
  memory.put('mem://box/b.tfrecord', FILE);
  memory.put('mem://box/examples.tfrecord', EXAMPLES);
});

async function run(...args: string[]): Promise<CliRun> {
  const result = await cli(args);
  expect(result.stderr).toBe('');
  expect(result.code).toBe(0);
  return result;
}

async function count(uri: string): Promise<number> {
  return (await scanRecords(uri)).records;
}

describe('every command supports a registered storage', () => {
  test('validate: an object, a prefix, a pattern and damage', async () => {
    const { stdout } = await run('validate', '--jobs', '1', '--json', 'mem://box/a.tfrecord');
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, files: [{ records: PAYLOADS.length }] });
    expect(
      JSON.parse((await run('validate', '--jobs', '1', '--json', 'mem://box/')).stdout).files,
    ).toHaveLength(3);
    expect(
      JSON.parse((await run('validate', '--jobs', '1', '--json', 'mem://box/{a,b}*')).stdout).files,
    ).toHaveLength(2);
    memory.put('mem://box/bad.tfrecord', withBadPayloads(FILE, OFFSETS, [1]));
    const bad = await cli(['validate', '--jobs', '1', 'mem://box/bad.tfrecord']);
    expect(bad.code).toBe(1);
    expect(bad.stdout + bad.stderr).toContain('mem://box/bad.tfrecord');
  });

  test('validate: a report is written', async () => {
    await cli(['validate', '--jobs', '1', '--report', 'mem://out/report.json', 'mem://box/']);
    expect(JSON.parse(Buffer.from(memory.get('mem://out/report.json')).toString())).toMatchObject({
      ok: true,
    });
  });

  test('count', async () => {
    const { stdout } = await run('count', '--jobs', '1', '--json', 'mem://box/');
    expect(JSON.parse(stdout).records).toBe(2 * PAYLOADS.length + 20);
  });

  test('inspect and cat', async () => {
    const inspected = await run('inspect', '--json', '-n', '2', 'mem://box/examples.tfrecord');
    expect(JSON.parse(inspected.stdout).records).toHaveLength(2);
    const { stdout } = await run('cat', '--base64', '-n', '3', 'mem://box/examples.tfrecord');
    expect(stdout.trim().split('\n')).toHaveLength(3);
  });

  test('stats and schema', async () => {
    expect((await run('stats', '--json', 'mem://box/examples.tfrecord')).stdout).toContain('"name"');
    await cli(['schema', 'mem://box/examples.tfrecord', '-o', 'mem://out/schema.json']);
    expect(Buffer.from(memory.get('mem://out/schema.json')).toString()).toContain('name');
  });

  test('index, and reading with it', async () => {
    await cli(['index', 'mem://box/a.tfrecord']);
    expect(memory.get('mem://box/a.tfrecord.rpidx').length).toBeGreaterThan(0);
    expect((await cli(['index', '--check', 'mem://box/a.tfrecord'])).code).toBe(0);
  });

  test('plan, its shards, and merging their reports', async () => {
    await cli(['plan', 'mem://box/', '-o', 'mem://out/plan.jsonl', '--shards', '2']);
    for (const shard of ['0/2', '1/2']) {
      const done = await cli([
        'validate',
        '--jobs',
        '1',
        '--plan',
        'mem://out/plan.jsonl',
        '--shard',
        shard,
        '--report',
        'mem://out/reports/',
      ]);
      expect(done.stderr + done.code).toMatch(/0$/);
    }
    const { code } = await cli(['merge', 'mem://out/reports/', '-o', 'mem://out/total.json']);
    expect(code).toBe(0);
    expect(JSON.parse(Buffer.from(memory.get('mem://out/total.json')).toString())).toMatchObject({
      ok: true,
    });
  });

  test('convert', async () => {
    await cli(['convert', 'mem://box/a.tfrecord', 'mem://out/a.rec']);
    expect(await count('mem://out/a.rec')).toBe(PAYLOADS.length);
    expect(await recordIOSplitRange('mem://out/a.rec', { split: 0, splits: 1 })).toEqual({
      start: 0,
      end: memory.get('mem://out/a.rec').length,
    });
    const again = await cli(['convert', 'mem://box/a.tfrecord', 'mem://out/a.rec']);
    expect(again.code).not.toBe(0);
    expect(again.stderr).toContain('already');
  });

  test('repair', async () => {
    memory.put('mem://box/bad.tfrecord', withBadPayloads(FILE, OFFSETS, [1]));
    await cli(['repair', 'mem://box/bad.tfrecord', 'mem://out/good.tfrecord']);
    expect(await count('mem://out/good.tfrecord')).toBe(PAYLOADS.length - 1);
  });

  test('split and merge', async () => {
    await cli(['split', 'mem://box/examples.tfrecord', 'mem://out/part', '--shards', '4']);
    const parts = [...memory.objects.keys()].filter((uri) => uri.startsWith('mem://out/part-'));
    expect(parts).toHaveLength(4);
    await cli(['split', 'mem://box/examples.tfrecord', 'mem://out/part', '--shards', '2', '--force']);
    expect([...memory.objects.keys()].filter((uri) => uri.startsWith('mem://out/part-'))).toHaveLength(2);
    await cli(['merge', 'mem://out/part-*', '-o', 'mem://out/whole.tfrecord']);
    expect(await count('mem://out/whole.tfrecord')).toBe(20);
  });

  test('shuffle and sample', async () => {
    await cli(['shuffle', 'mem://box/examples.tfrecord', 'mem://out/shuffled.tfrecord', '--seed', '1']);
    expect(await count('mem://out/shuffled.tfrecord')).toBe(20);
    await cli(['sample', 'mem://box/examples.tfrecord', '-n', '5', 'mem://out/some.tfrecord', '--seed', '1']);
    expect(await count('mem://out/some.tfrecord')).toBe(5);
  });

  test('manifest check', async () => {
    memory.put('mem://out/m.manifest', Buffer.from('[{"prefix": "s3://bucket/"},\n"a.tfrecord"]'));
    const { code } = await cli(['manifest', 'check', 'mem://out/m.manifest']);
    expect(code).toBe(0);
  });

  test('stream', async () => {
    const pipeDir = folder.file('pipes');
    await using streamer = new PipeModeStreamer({
      channels: [{ name: 'prefix', uri: 'mem://box/a' }],
      pipeDir,
      epochs: 1,
    });
    const running = streamer.run();
    await streamer.ready;
    expect(Buffer.compare(await readPipe(join(pipeDir, 'prefix_0')), FILE)).toBe(0);
    await running;
  });

  test('lists of inputs', async () => {
    memory.put('mem://box/files.txt', Buffer.from('mem://box/a.tfrecord\nmem://box/b.tfrecord\n'));
    const { stdout } = await run('count', '--jobs', '1', '--json', '@mem://box/files.txt');
    expect(JSON.parse(stdout).files).toHaveLength(2);
  });

  test('the writers of the library', async () => {
    const shards = await openTFRecordShards('mem://out/train', { maxShardBytes: 300 });
    for (const payload of PAYLOADS) await shards.write(payload);
    await shards.close();
    expect([...memory.objects.keys()].filter((uri) => uri.startsWith('mem://out/train-'))).not.toHaveLength(
      0,
    );
  });

  test('a source at a position', async () => {
    const { chunks } = openSource('mem://box/a.tfrecord', { chunkBytes: 1024, start: FILE.length - 4 });
    const read: Uint8Array[] = [];
    for await (const chunk of chunks) read.push(chunk);
    expect(Buffer.concat(read)).toEqual(Buffer.from(FILE.subarray(-4)));
  });
});

test('a file without a registered scheme is local', () => {
  expect(readFileSync(folder.file('local.tfrecord', FILE))).toEqual(Buffer.from(FILE));
});
