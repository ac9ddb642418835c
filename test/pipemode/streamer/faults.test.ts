import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { PipeModeStreamer } from '../../../src/pipemode/streamer/index.ts';
import { SMALL, withServer } from '../../storage/faults/transfer.ts';
import { cli, startCli } from '../../support/cli.ts';
import { type Fault, generated } from '../../support/faulty-s3/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { exited } from './interrupted.ts';
import { eventLog, readPipe, writeObjects } from './stream-place.ts';

const temp = tempDir();
const PART = 64 * 1024;
const MIB = 2 ** 20;
let places = 0;

function newPlace(): string {
  const place = temp.file(`place-${places++}`);
  mkdirSync(place);
  return place;
}

describe('readers', () => {
  test('a paused reader causes no requests and no retries, and then receives all bytes', async () => {
    const content = generated(4 * MIB, 1);
    await withServer({ objects: { 'bucket/a': content } }, async (server) => {
      const pipeDir = newPlace();
      await using streamer = new PipeModeStreamer({
        channels: [{ name: 'train', uri: 's3://bucket/a' }],
        pipeDir,
        epochs: 1,
        objects: { ...SMALL, endpointUrl: server.url, idleTimeoutMs: 2000, headersTimeoutMs: 2000 },
      });
      const running = streamer.run();
      await streamer.ready;
      const reader = spawn('sh', [
        '-c',
        'exec 3<"$0"; head -c 100000 <&3; read go; exec cat <&3',
        join(pipeDir, 'train_0'),
      ]);
      let got = 0;
      reader.stdout.on('data', (chunk: Buffer) => {
        got += chunk.length;
      });
      await expect.poll(() => got).toBeGreaterThanOrEqual(100_000);
      await sleep(3000);
      await expect.poll(() => server.concurrent).toBe(0);
      // Two parts for the reader, 8 for the window, and up to 16 for the pipe.
      expect(server.log.length).toBeLessThan(40);
      reader.stdin.end('\n');
      await once(reader, 'close');
      await running;
      expect(got).toBeGreaterThan(3 * MIB); // head may have read slightly more than it wrote.
      expect(streamer.metrics[0].retries).toBe(0);
    });
  });

  test('after killed readers and readers that open the next pipe first, each epoch is complete and in order', async () => {
    const data = temp.file('large.bin', Buffer.alloc(MIB, 'recordpipe'));
    const pipeDir = newPlace();
    const { events, onEvent } = eventLog();
    await using streamer = new PipeModeStreamer({
      channels: [{ name: 'train', uri: data }],
      pipeDir,
      epochs: 3,
      onEvent,
    });
    const running = streamer.run();
    await streamer.ready;
    const killed = spawn('sh', ['-c', 'exec 3<"$0"; echo open; exec sleep 60', join(pipeDir, 'train_0')]);
    await once(killed.stdout, 'data');
    const early = readPipe(join(pipeDir, 'train_1'));
    await expect.poll(() => streamer.metrics[0].state).toBe('streaming');
    expect(streamer.metrics[0].epoch).toBe(0);
    killed.kill('SIGKILL');
    expect((await early).length).toBe(MIB);
    expect((await readPipe(join(pipeDir, 'train_2'))).length).toBe(MIB);
    await running;
    expect(events.filter(({ event }) => event === 'epoch-end')).toMatchObject([
      { epoch: 0, complete: false },
      { epoch: 1, complete: true },
      { epoch: 2, complete: true },
    ]);
  });
});

describe('wrong responses never reach a reader', () => {
  test.each<[string, Fault]>([
    ['a whole object for a range', { from: 2 * PART, do: 'ignore-range', times: 1e9 }],
    [
      'another range',
      { from: 2 * PART, do: 'headers', set: { 'content-range': 'bytes 0-65535/655360' }, times: 1e9 },
    ],
    ['another ETag', { from: 2 * PART, do: 'headers', set: { etag: '"other"' }, times: 1e9 }],
  ])('%s', async (_, fault) => {
    const objects = { 'bucket/a': generated(10 * PART, 1) };
    await withServer({ objects, faults: [{ operation: 'GetObject', ...fault } as Fault] }, async (server) => {
      const pipeDir = newPlace();
      await using streamer = new PipeModeStreamer({
        channels: [{ name: 'train', uri: 's3://bucket/a' }],
        pipeDir,
        epochs: 1,
        objects: { ...SMALL, endpointUrl: server.url, maxAttempts: 2 },
      });
      const failed = expect(streamer.run()).rejects.toMatchObject({ uri: 's3://bucket/a' });
      await streamer.ready;
      const bytes = await readPipe(join(pipeDir, 'train_0'));
      await failed;
      const right = Buffer.from(objects['bucket/a'].read(0, 2 * PART));
      expect(bytes.length).toBeLessThanOrEqual(2 * PART);
      expect(bytes.equals(right.subarray(0, bytes.length))).toBe(true);
      expect(readdirSync(pipeDir)).toEqual(['train.status.json']);
    });
  });
});

describe('recordpipe stream, interrupted', () => {
  const environment = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };
  test.each<[string, Fault, boolean]>([
    ['while it lists', { operation: 'ListObjectsV2', do: 'stall', at: 'before' }, false],
    ['between two attempts', { operation: 'GetObject', do: 'status', status: 503, times: 1e9 }, false],
    [
      'while a reader waits for bytes',
      { operation: 'GetObject', do: 'stall', at: 'before', times: 1e9 },
      true,
    ],
  ])('%s: its reader receives an end of file, and nothing remains', async (_, fault, read) => {
    await withServer({ objects: { 'bucket/t/a': generated(PART, 1) }, faults: [fault] }, async (server) => {
      const dir = newPlace();
      const args = ['stream', '-c', 'train=s3://bucket/t/', '--dir', dir, '-q', '--endpoint-url', server.url];
      const child = startCli(args, { env: environment });
      const exit = exited(child);
      await expect.poll(() => existsSync(join(dir, 'train_0'))).toBe(true);
      const reader = read ? readPipe(join(dir, 'train_0')) : undefined;
      const hit = fault.operation as 'GetObject' | 'ListObjectsV2';
      await expect.poll(() => server.requests(hit).length).toBeGreaterThan(0);
      child.kill('SIGTERM');
      expect(await exit).toEqual({ code: 143, signal: null });
      expect((await reader)?.length ?? 0).toBe(0);
      expect(readdirSync(dir).filter((name) => name !== 'train.status.json')).toEqual([]);
    });
  });
});

describe('recordpipe stream', () => {
  const data = temp.file('data.txt', Buffer.from('one\n'));

  test('--json serves the pipe even if no process reads the events', async () => {
    const dir = newPlace();
    const child = startCli(['stream', '-c', `train=${data}`, '--dir', dir, '--epochs', '1', '--json']);
    const exit = exited(child);
    child.stdout?.destroy();
    let said = '';
    child.stderr?.on('data', (text) => {
      said += text;
    });
    expect(String(await readPipe(join(dir, 'train_0')))).toBe('one\n');
    expect([(await exit).code, said]).toEqual([0, '']);
  });

  test.each([
    [
      'a file with the name of the folder for pipes',
      3,
      ['-c', `train=${data}`, '--dir', data],
      /expected a folder, found a file/,
    ],
    [
      'a name that is too long',
      3,
      ['-c', `train=${data}`, '--dir', temp.file('x'.repeat(300))],
      /name is too long/,
    ],
    [
      'a missing folder',
      3,
      ['-c', `train=${temp.file('none')}`, '--dir', temp.file('p')],
      /check that the channel's path/,
    ],
  ])('%s', async (_, expected, args, message) => {
    const { code, stderr } = await cli(['stream', ...args]);
    expect([code, stderr]).toEqual([expected, expect.stringMatching(message)]);
  });

  test('--strict-shards fails if a shard is missing; without it, a warning', async () => {
    const folder = newPlace();
    writeObjects(folder, { 'a-00000-of-00002': Buffer.from('one\n') });
    const args = ['stream', '-c', `train=${folder}`, '--dir', newPlace(), '--reader-timeout', '10ms'];
    const missing = expect.stringMatching(/a-00001-of-00002|1 of 2|shard/);
    const strict = await cli([...args, '--strict-shards']);
    expect([strict.code, strict.stderr]).toEqual([1, missing]);
    const lenient = await cli(args);
    expect([lenient.code, lenient.stderr]).toEqual([4, missing]);
  });

  test.each([
    [
      'a whole address in a ManifestFile',
      '[{"prefix": "s3://bucket/"}, "s3://other/key"]',
      /a whole address/,
    ],
    ['lines instead of an array', '{"source-ref": "s3://bucket/a"}\n{}', /AugmentedManifestFile/],
    ['no prefix', '["a", "b"]', /first element/],
  ])('%s', async (_, manifest, message) => {
    const path = temp.file(`m-${places++}.manifest`);
    writeFileSync(path, manifest);
    const { code, stderr } = await cli(['stream', '-c', `train=${path}`, '--manifest', '--dir', newPlace()]);
    expect([code, stderr]).toEqual([1, expect.stringMatching(message)]);
  });
});

test('a manifest may name objects in another bucket, have CRLF lines, and lack a final line feed', async () => {
  const lines = '{"a-ref": "s3://other/x", "n": 1.50}\r\n\r\n{"n": "é", "a-ref": "s3://bucket/y"}';
  const objects = {
    'other/x': Buffer.from('X'),
    'bucket/y': Buffer.from('Y'),
    'bucket/m.jsonl': Buffer.from(lines),
  };
  await withServer({ objects }, async (server) => {
    const pipeDir = newPlace();
    await using streamer = new PipeModeStreamer({
      channels: [
        {
          name: 'train',
          uri: 's3://bucket/m.jsonl',
          dataType: 'AugmentedManifestFile',
          attributeNames: ['a-ref', 'n'],
        },
      ],
      pipeDir,
      epochs: 1,
      objects: { ...SMALL, endpointUrl: server.url },
    });
    const running = streamer.run();
    running.catch(() => {});
    await Promise.race([streamer.ready, running]);
    expect(String(await readPipe(join(pipeDir, 'train_0')))).toBe('X1.50Yé');
    await running;
  });
});
