import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/index.ts';
import { type CliRun, cli } from '../support/cli.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const MAIN = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const good = temp.file('good.tfrecord', encodeTFRecord(new Uint8Array(3)));

/** Runs the command line with code that throws outside its promise, as a bug would. */
async function withBug(code: string): Promise<CliRun> {
  const preload = `process.on('newListener', (name) => {
    if (name === 'uncaughtException') setImmediate(() => { ${code} });
  })`;
  const url = `data:text/javascript,${encodeURIComponent(preload)}`;
  return cli(['validate', good], { env: { NODE_OPTIONS: `--import ${url}` } });
}

test.each([
  ['an exception', "throw new TypeError('boom')", 'TypeError: boom'],
  ['a rejection', "Promise.reject(new RangeError('boom'))", 'RangeError: boom'],
  [
    'control characters',
    "setTimeout(() => { throw new Error('\\u001b[31mboom') }, 1)",
    'Error: \\x1b[31mboom',
  ],
])('%s outside every promise exits with 70, the stack and a request to report it', async (_, code, text) => {
  const run = await withBug(code);
  expect(run.code).toBe(70);
  expect(run.stderr).toContain(`recordpipe: internal error: ${text}\n    at `);
  expect(run.stderr).toMatch(
    /next: this is a bug in recordpipe; please report it .*recordpipe \d+\.\d+\.\d+, Node v/,
  );
});

test.each([
  [
    'memory',
    "throw new RangeError('Array buffer allocation failed')",
    /out of memory: .*\n {2}next: allow the process more/,
  ],
  [
    'file descriptors',
    "throw Object.assign(new Error('EMFILE: too many'), { code: 'EMFILE', errno: -24, syscall: 'open' })",
    /io-failure: EMFILE: too many\n {2}next: raise the limit on open files \(ulimit -n\)/,
  ],
])('a lack of %s exits with 3, without a request to report a bug', async (_, code, message) => {
  const run = await withBug(code);
  expect(run.code).toBe(3);
  expect(run.stderr).toMatch(message);
  expect(run.stderr).not.toContain('bug');
});

test.each([18, 22, 26, 30, 40])('with ulimit -n %i validate exits with 0 or 3, never with 1', (limit) => {
  const script = `ulimit -n ${limit} && exec "$0" "$@"`;
  const run = spawnSync('sh', ['-c', script, process.execPath, MAIN, 'validate', good, good], {
    encoding: 'utf8',
  });
  // Some versions of Node abort before they run anything.
  const starts = spawnSync('sh', ['-c', script, process.execPath, '-e', '0']).status === 0;
  if (starts) expect([0, 3]).toContain(run.status);
  if (run.status === 3) expect(run.stderr).toContain('EMFILE');
});

test('an invalid option exits with 2, without a stack', async () => {
  const run = await cli(['stats', good, '--max-record-size', '99999999999GB']);
  expect(run.code).toBe(2);
  expect(run.stderr).not.toContain('    at ');
});

test('the stack of an internal error names the files and lines of the sources', async () => {
  const preload = `const { hasOwn } = Object;
    Object.hasOwn = (object, key) => { if (key === 'validate') throw new TypeError('boom'); return hasOwn(object, key); };`;
  const env = { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(preload)}` };
  const run = await cli(['validate', good], { env });
  expect(run.code).toBe(70);
  expect(run.stderr).toMatch(/^ {4}at (async )?src\/cli\/main\.ts:\d+$/m);
});

test('RECORDPIPE_ERRORS=json prints an internal error, too', async () => {
  const preload = `const { hasOwn } = Object;
    Object.hasOwn = (object, key) => { if (key === 'validate') throw new TypeError('boom'); return hasOwn(object, key); };`;
  const NODE_OPTIONS = `--import data:text/javascript,${encodeURIComponent(preload)}`;
  const { code, stderr } = await cli(['validate', good], {
    env: { NODE_OPTIONS, RECORDPIPE_ERRORS: 'json' },
  });
  expect(code).toBe(70);
  expect(JSON.parse(stderr)).toMatchObject({
    error: {
      code: 'internal-error',
      message: expect.stringContaining('boom'),
      next: expect.stringContaining('bug'),
    },
  });
});

test('JSON on standard error stays valid if a quote follows a secret', async () => {
  const name = 'no "http://h/?X-Amz-Signature=hunter2hunter2" "Authorization: x" \u202e\u009b';
  const { code, stderr } = await cli(['cat', name], { env: { RECORDPIPE_ERRORS: 'json' } });
  expect(code).toBe(3);
  expect(stderr).not.toContain('hunter2');
  expect(JSON.parse(stderr)).toMatchObject({
    error: { code: 'not-found', uri: expect.stringContaining('http://h/?X-Amz-Signature=[redacted]" "') },
  });
});

test('RECORDPIPE_ERRORS=json prints one line of JSON per error, with location and next step', async () => {
  const env = { RECORDPIPE_ERRORS: 'json' };
  const bad = temp.file('bad.tfrecord', encodeTFRecord(new Uint8Array(3)).fill(1, 12, 13));
  const { code, stderr } = await cli(['cat', bad], { env });
  expect(code).toBe(1);
  expect(JSON.parse(stderr)).toEqual({
    error: {
      code: 'data-checksum',
      uri: bad,
      record: 0,
      offset: 0,
      message: expect.stringContaining('corrupt'),
      next: expect.stringContaining('recordpipe repair'),
    },
  });
  for (const args of [['cat', good, '--skip', 'x'], ['plan', good, '--json', '-o', '-'], ['nonsense']]) {
    const run = await cli(args, { env });
    expect(run.code, args.join(' ')).toBe(2);
    const last = run.stderr.trimEnd().split('\n').at(-1)!;
    expect(JSON.parse(last), args.join(' ')).toMatchObject({
      error: { code: 'invalid-argument', record: null },
    });
  }
});
