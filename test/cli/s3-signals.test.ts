import { once } from 'node:events';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ended, startCli } from '../support/cli.ts';
import { type Fault, type FaultyS3, faultyS3, type Operation } from '../support/faulty-s3/index.ts';

const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };
const KEY = 'data/large.txt';
let server: FaultyS3;

beforeAll(async () => {
  server = await faultyS3({ objects: { [`bucket/${KEY}`]: { size: 2 ** 31, seed: 1 } } });
});
afterAll(() => server[Symbol.asyncDispose]());
afterEach(() => server.script.clear());

const LISTED: [Operation, string] = ['ListObjectsV2', 's3://bucket/data/'];
const READ: [Operation, string] = ['GetObject', `s3://bucket/${KEY}`];

/** The request that the command waits for when the signal arrives. */
const WAITS: [string, [Operation, string], Fault[]][] = [
  ['a listing that does not answer', LISTED, [{ operation: 'ListObjectsV2', do: 'stall', at: 'before' }]],
  [
    'another attempt at a listing',
    LISTED,
    [{ operation: 'ListObjectsV2', do: 'status', status: 503, headers: { 'retry-after': '60' }, times: 1e9 }],
  ],
  ['the first byte', READ, [{ operation: 'GetObject', do: 'stall', at: 'before', times: 1e9 }]],
  ['the next byte', READ, [{ operation: 'GetObject', do: 'stall', at: 100_000, times: 1e9 }]],
  [
    'another attempt at a range',
    READ,
    [{ operation: 'GetObject', do: 'status', status: 500, headers: { 'retry-after': '60' }, times: 1e9 }],
  ],
];

test.each(WAITS)(
  'SIGTERM while it waits for %s: at once, with 143',
  async (_, [operation, input], faults) => {
    server.script.add(...faults);
    const before = server.requests(operation).length;
    const args = ['validate', input, '--format', 'textline', '--jsonl', '--endpoint-url', server.url];
    const child = startCli(args, { env });
    const run = ended(child);
    await expect.poll(() => server.requests(operation).length).toBeGreaterThan(before);
    child.kill('SIGTERM');
    const { status, stdout, stderr } = await run;
    expect(status).toBe(143);
    // Before the files are known, there is nothing to report; after that, the report must be marked
    // as partial.
    expect(stdout).toMatch(/^(?:\{"event":"summary","ok":false,.*"interrupted":\{.*\}\n)?$/);
    expect(stderr).not.toMatch(/^ +at /m);
  },
);

test.each([
  ['cat', ['--format', 'textline']],
  ['inspect', ['--format', 'textline', '-n', '0', '--jsonl']],
])('%s of an object ends quietly when the reader closes the pipe', async (command, options) => {
  const child = startCli([command, `s3://bucket/${KEY}`, ...options, '--endpoint-url', server.url], { env });
  const run = ended(child);
  await once(child.stdout!, 'data');
  child.stdout?.destroy();
  expect(await run).toMatchObject({ code: 0, signal: null, stderr: '' });
});
