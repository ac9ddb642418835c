import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { buildIndex, openIndexed } from '../../src/records/indexes/index.ts';
import { cli, ended, startCli } from '../support/cli.ts';
import { type FaultyS3, faultyS3 } from '../support/faulty-s3/index.ts';
import { FIXTURES } from '../support/golden.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };
const NAMES = ['tfrecord-sizes', 'tfrecord-sizes-gzip', 'recordio-dmlc', 'damaged-data', 'truncated-payload'];
let server: FaultyS3;

beforeAll(async () => {
  Object.assign(process.env, env);
  const objects = Object.fromEntries(NAMES.map((name) => [`bucket/data/${name}.tfrecord`, fixture(name)]));
  for (const name of NAMES) temp.file(`${name}.tfrecord`, fixture(name));
  server = await faultyS3({
    objects: {
      ...objects,
      'bucket/large.tfrecord': { size: 2 ** 31, seed: 1 },
      'bucket/other.tfrecord': { size: 2 ** 31, seed: 2 },
    },
  });
});
afterAll(() => server[Symbol.asyncDispose]());

function fixture(name: string): Uint8Array {
  return new Uint8Array(readFileSync(new URL(`${name}.bin`, FIXTURES)));
}

function s3(...args: string[]) {
  return cli([...args, '--endpoint-url', server.url], { env });
}

/** Converts the output for local files to the expected output for objects. */
function asObjects(text: string): string {
  return text.replaceAll(temp.path, 's3://bucket/data').replaceAll(/"seconds": ?[\d.e-]+/g, '"seconds": 0');
}

describe('commands print the same for objects and files', () => {
  test.each([
    ['validate', '--json'],
    ['validate', '--json', '--recover'],
    ['count', '--json'],
  ])('%s %s %s', async (...command) => {
    const local = await cli([command[0], temp.path, ...command.slice(1)]);
    const remote = await s3(command[0], 's3://bucket/data/', ...command.slice(1));
    expect(local.code).toBe(1);
    expect(asObjects(remote.stdout)).toBe(asObjects(local.stdout));
    expect(remote.code).toBe(local.code);
  });

  test.each(NAMES)('inspect and cat %s', async (name) => {
    for (const args of [['inspect', '-n', '0', '--hash', '--jsonl'], ['cat']]) {
      const [command, ...options] = args;
      const local = await cli([command, temp.file(`${name}.tfrecord`), ...options]);
      const remote = await s3(command, `s3://bucket/data/${name}.tfrecord`, ...options);
      expect(asObjects(remote.stdout)).toBe(asObjects(local.stdout));
      expect(remote.code).toBe(local.code);
    }
  });

  test('patterns and lists name objects', async () => {
    const remote = await s3('count', 's3://bucket/data/tfrecord-*', '--json');
    expect(JSON.parse(remote.stdout).files.map(({ uri }: { uri: string }) => uri)).toEqual([
      's3://bucket/data/tfrecord-sizes-gzip.tfrecord',
      's3://bucket/data/tfrecord-sizes.tfrecord',
    ]);
  });

  test('convert from S3 to S3 and back gives the same file', async () => {
    const source = 's3://bucket/data/tfrecord-sizes.tfrecord';
    expect((await s3('convert', source, 's3://bucket/out/a.rec')).code).toBe(0);
    expect((await s3('convert', 's3://bucket/out/a.rec', 's3://bucket/out/b.tfrecord')).code).toBe(0);
    const target = temp.file('../b.tfrecord');
    expect((await s3('convert', 's3://bucket/out/b.tfrecord', target, '--force')).code).toBe(0);
    expect(readFileSync(target).equals(fixture('tfrecord-sizes'))).toBe(true);
    const again = await s3('convert', source, 's3://bucket/out/a.rec');
    expect([again.code, again.stderr]).toEqual([3, expect.stringContaining('already-exists')]);
  });

  test('index writes next to its object and gives access by record number', async () => {
    const path = temp.file('tfrecord-sizes.tfrecord');
    const uri = 's3://bucket/data/tfrecord-sizes.tfrecord';
    expect((await s3('index', uri)).code).toBe(0);
    await buildIndex(path);
    await using local = await openIndexed(path);
    await using remote = await openIndexed(uri, { objects: { endpointUrl: server.url } });
    expect(remote.length).toBe(local.length);
    const order = Array.from({ length: local.length }, (_, i) => (i * 7) % local.length);
    expect(await remote.getMany(order)).toEqual(await local.getMany(order));
  });
});

describe('failures of S3', () => {
  afterEach(() => server.script.clear());

  test('a missing object, bucket or prefix exits with 3', async () => {
    for (const uri of ['s3://bucket/none.tfrecord', 's3://no-bucket/x', 's3://bucket/none/']) {
      const { code, stderr, stdout } = await s3('validate', uri);
      expect([uri, code]).toEqual([uri, 3]);
      expect(stdout + stderr).toMatch(/object-missing|not-found/);
    }
  });

  test('a command gives up on an unavailable service within --retry-timeout', async () => {
    const fault = { key: 'data/recordio-dmlc.tfrecord', times: 1000, do: 'status', status: 503 } as const;
    server.script.add(fault);
    const { code, stdout, stderr } = await s3(
      'validate',
      's3://bucket/data/recordio-dmlc.tfrecord',
      '--retry-timeout',
      '1s',
    );
    expect(code).toBe(3);
    expect(stdout + stderr).toMatch(/recordio-dmlc[\s\S]*retries-exhausted/);
  });

  test('inspect requests little more than it shows', async () => {
    const before = server.log.length;
    const args = [
      's3://bucket/large.tfrecord',
      '-n',
      '1',
      '--format',
      'textline',
      '--max-record-size',
      '1MiB',
    ];
    // Run in a separate process, whose requests end with it, because the next test counts those of
    // its own child.
    await cli(['inspect', ...args, '--endpoint-url', server.url], { env, separate: true });
    const requested = server.log.slice(before).filter(({ operation }) => operation === 'GetObject');
    expect(requested.length).toBeLessThan(12);
  });

  test('SIGTERM stops a download', async () => {
    const child = startCli(
      ['validate', 's3://bucket/other.tfrecord', '--format', 'textline', '--endpoint-url', server.url],
      { env },
    );
    const run = ended(child);
    await expect.poll(() => server.requests('GetObject', 'other.tfrecord').length).toBeGreaterThan(0);
    child.kill('SIGTERM');
    expect((await run).status).toBe(143);
  });
});
