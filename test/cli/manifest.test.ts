import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cli, jsonLines } from '../support/cli.ts';
import { type FaultyS3, faultyS3 } from '../support/faulty-s3/index.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };
const BESIDE = ['train/_SUCCESS', 'train/a.tfrecord.rpidx', 'train/.a.crc'];
const KEYS = ['train/a.tfrecord', 'train/deep/b c.tfrecord', 'train/é.txt', 'train2/other.tfrecord'];
let server: FaultyS3;

beforeAll(async () => {
  server = await faultyS3({
    objects: Object.fromEntries([...KEYS, ...BESIDE].map((key) => [`bucket/${key}`, Buffer.from('x')])),
  });
});
afterAll(() => server[Symbol.asyncDispose]());

function s3(...args: string[]) {
  return cli([...args, '--endpoint-url', server.url], { env });
}

describe('manifest create', () => {
  test('lists a folder on standard output and reports skipped objects', async () => {
    const { code, stdout, stderr } = await s3('manifest', 'create', 's3://bucket/train/');
    expect(code).toBe(0);
    expect(stderr).toBe(
      [
        'recordpipe: s3://bucket/train/: skipped 1 file, hidden: .a.crc',
        'recordpipe: s3://bucket/train/: skipped 1 file, markers without records: _SUCCESS',
        'recordpipe: s3://bucket/train/: skipped 1 file, indexes and manifests: a.tfrecord.rpidx',
        '',
      ].join('\n'),
    );
    expect(JSON.parse(stdout)).toEqual([
      { prefix: 's3://bucket/train/' },
      'a.tfrecord',
      'deep/b c.tfrecord',
      'é.txt',
    ]);
  });

  test('takes all keys that begin with a prefix, and warns about it', async () => {
    const { stdout, stderr } = await s3('manifest', 'create', 's3://bucket/train');
    expect(JSON.parse(stdout)[0]).toEqual({ prefix: 's3://bucket/' });
    expect(JSON.parse(stdout)).toHaveLength(5);
    expect(stderr).toContain('also matches s3://bucket/train2/other.tfrecord');
  });

  test('takes patterns and keys, lists each object once, and writes a valid manifest', async () => {
    const path = temp.file('train.manifest');
    const made = await s3(
      'manifest',
      'create',
      's3://bucket/**/*.tfrecord',
      's3://bucket/train/a.tfrecord',
      '-o',
      path,
    );
    expect({ code: made.code, stderr: made.stderr }).toEqual({ code: 0, stderr: `${path}: 3 objects\n` });
    expect(JSON.parse(readFileSync(path, 'utf8'))).toHaveLength(4);
    const checked = await s3('manifest', 'check', path, '--head-objects', '--jsonl');
    expect(checked.code).toBe(0);
    expect(jsonLines(checked.stdout)).toMatchObject([{ event: 'summary', ok: true, entries: 3 }]);
  });

  test('writes to an object, with a given prefix', async () => {
    const target = 's3://bucket/manifests/train.manifest';
    const options = ['--prefix', 's3://bucket/', '-o', target, '-q'];
    expect(await s3('manifest', 'create', 's3://bucket/train/', ...options)).toMatchObject({
      code: 0,
      stderr: '',
    });
    const { stdout } = await s3('manifest', 'check', target, '--head-objects', '--json');
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, entries: 3 });
  });

  test('rejects an empty listing, a local path and a wrong prefix', async () => {
    expect(await s3('manifest', 'create', 's3://bucket/none/')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('object-missing'),
    });
    expect(await s3('manifest', 'create', temp.path)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('upload --manifest'),
    });
    expect(await s3('manifest', 'create', 's3://bucket/train/', '--prefix', 's3://bucket/t/')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('below s3://bucket/t/'),
    });
  });
});

test('manifest check --jsonl prints a line per problem', async () => {
  const path = temp.file('bad.manifest', Buffer.from('{"a":1}\n{\'a\':1}\n'));
  const { code, stdout } = await cli(['manifest', 'check', path, '--jsonl']);
  expect(code).toBe(1);
  expect(jsonLines(stdout)).toMatchObject([
    { event: 'problem', line: 2, code: 'single-quotes' },
    { event: 'summary', ok: false, errorCount: 1 },
  ]);
});
