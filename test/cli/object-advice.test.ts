import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { advice } from '../../src/cli/advice.ts';
import { RecordpipeError } from '../../src/errors.ts';
import { openObject } from '../../src/storage/index.ts';
import { cli } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();

describe('advice fits the place of the failure', () => {
  test.each([
    ['object-missing', 's3://bucket/a', /--endpoint-url/],
    ['object-missing', '/data/a', /^(?!.*endpoint)/],
    ['access-denied', 's3://bucket/a', /--profile/],
    ['access-denied', '/data/a', /^(?!.*(read|profile))/],
    ['io-failure', 's3://bucket/a', /^(?!.*disk).*doctor/],
    ['io-failure', '/data/a', /disk/],
  ] as const)('%s of %s', (code, uri, expected) => {
    expect(advice(new RecordpipeError(code, 'it failed', { uri }))).toMatch(expected);
  });

  test('a missing local file is not described as an object', async () => {
    const error = await openObject(temp.file('../none'))
      .chunks[Symbol.asyncIterator]()
      .next()
      .catch((one) => one);
    expect(error).toMatchObject({
      code: 'not-found',
      message: expect.stringMatching(/^no such file; check the path \([^()]*\)$/),
    });
  });

  test('a missing local channel is not described as a failure of the service', async () => {
    const { code, stderr } = await cli([
      'stream',
      '--channel',
      `train=${temp.path}/none`,
      '--dir',
      temp.path,
      '--epochs',
      '1',
    ]);
    expect(code).toBe(3);
    expect(stderr).not.toMatch(/endpoint|bucket/);
  });
});

test.skipIf(process.platform === 'win32')(
  'too few open files are an I/O failure, wherever they run out',
  () => {
    const main = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
    for (const limit of [22, 24, 26, 28, 32, 36, 40]) {
      const script = `ulimit -n ${limit} && exec "$0" "$@"`;
      const args = ['-c', script, process.execPath, main, 'stats', 'none.tfrecord', '--html', 'x.html'];
      const { status, stderr } = spawnSync('sh', args, { encoding: 'utf8', cwd: temp.path });
      expect([limit, status]).toEqual([limit, 3]);
      expect(stderr).not.toContain('    at ');
      // With enough descriptors, only the missing file is a failure.
      if (stderr === 'wrote x.html\n') continue;
      expect(stderr).toMatch(/^recordpipe: io-failure: .*(too many open files|EMFILE)/);
    }
  },
);
