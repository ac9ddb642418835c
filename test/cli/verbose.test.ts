import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isTraced, type TraceLine } from '../../src/bytes/trace.ts';
import { validateFiles } from '../../src/check/index.ts';
import { cli } from '../support/cli.ts';
import { type FaultyS3, faultyS3 } from '../support/faulty-s3/index.ts';
import { FIXTURES } from '../support/golden.ts';
import { FILE } from '../support/samples.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const SECRET = 'a-secret-of-some-length';
const env = {
  AWS_ACCESS_KEY_ID: 'AKIAEXAMPLEEXAMPLE12',
  AWS_SECRET_ACCESS_KEY: SECRET,
  AWS_SESSION_TOKEN: `${SECRET}-token`,
  AWS_REGION: 'us-east-1',
};
let server: FaultyS3;

beforeAll(async () => {
  server = await faultyS3({ objects: { 'bucket/a.tfrecord': FILE, 'bucket/notes.md': Buffer.from('x') } });
});
afterAll(() => server[Symbol.asyncDispose]());

/** Returns the lines of --verbose without their times. */
function lines(stderr: string): string[] {
  return stderr.split('\n').flatMap((line) => /^\[\d+\.\d{3} s\] (.*)$/.exec(line)?.[1] ?? []);
}

describe('--verbose', () => {
  test('shows settings, inputs, skipped files, formats and results', async () => {
    const folder = join(temp.path, 'data');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.bin'), readFileSync(new URL('tfrecord-sizes-gzip.bin', FIXTURES)));
    writeFileSync(join(folder, '.hidden'), '');
    const args = ['count', folder, '-q', '--jobs', '1'];
    const { code, stdout, stderr } = await cli([...args, '--verbose']);
    expect(code).toBe(0);
    expect(stdout).toBe((await cli(args)).stdout);
    const shown = lines(stderr);
    expect(shown).toContainEqual(expect.stringMatching(/^start: recordpipe \d.*, Node v/));
    expect(shown).toContain('config: jobs = 1 (command line)');
    expect(shown).toContain(`input: skipped .hidden in ${folder}: hidden`);
    expect(shown).toContain(`input: ${folder}: 1 file`);
    expect(shown).toContainEqual(
      expect.stringMatching(/^file: .*a\.bin: tfrecord, compression gzip, records: \d+/),
    );
    expect(shown.at(-1)).toMatch(/^end: processor time /);
    expect(isTraced()).toBe(false);
  });

  test('shows the service, requests, retries and credentials, but no secrets', async () => {
    server.script.add({ key: 'a.tfrecord', times: 1, do: 'status', status: 503 });
    const args = ['count', 's3://bucket/', '--endpoint-url', server.url, '--verbose'];
    const { code, stderr } = await cli(args, { env });
    expect(code).toBe(0);
    const shown = lines(stderr);
    expect(shown).toContainEqual(
      `service: ${server.url}, region us-east-1, credentials from the environment (AWS_ACCESS_KEY_ID)`,
    );
    expect(shown).toContainEqual(expect.stringMatching(/^request: GET http:.*list-type=2.*: 200, /));
    expect(shown).toContainEqual(expect.stringMatching(/^request: GET http:.*a\.tfrecord.*: 503, /));
    expect(shown).toContainEqual(expect.stringMatching(/^retry: s3:\/\/bucket\/a\.tfrecord: .* in \d+ ms$/));
    expect(shown).toContainEqual(expect.stringMatching(/^input: skipped notes\.md in s3:\/\/bucket\//));
    expect(stderr).not.toContain(SECRET);
  });

  test('shows what worker threads do', async () => {
    const gzip = readFileSync(new URL('truncated-gzip.bin', FIXTURES));
    const files = ['one', 'two'].map((name) => temp.file(`${name}.bin`, gzip));
    const shown: string[] = [];
    const listener = (line: unknown): void => void shown.push((line as TraceLine).text);
    subscribe('recordpipe:trace', listener);
    await validateFiles(files, { jobs: 2 });
    unsubscribe('recordpipe:trace', listener);
    for (const file of files) expect(shown).toContain(`${file}: tfrecord, compression gzip`);
  });

  test('is a setting, too', async () => {
    const good = temp.file('good.tfrecord', FILE);
    const { stderr } = await cli(['count', good], { env: { RECORDPIPE_VERBOSE: 'true' } });
    expect(lines(stderr)).not.toEqual([]);
  });
});
