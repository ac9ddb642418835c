import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeTFRecord } from 'recordpipe';

const datasets = mkdtempSync(join(tmpdir(), 'next-server-'));
const next = fileURLToPath(new URL('../node_modules/next/dist/bin/next', import.meta.url));
let server;
let url;
let log = '';

before(async () => {
  for (const name of ['valid', 'damaged']) mkdirSync(join(datasets, name));
  const bytes = Buffer.concat([100, 200].map((length) => encodeTFRecord(new Uint8Array(length))));
  for (let i = 0; i < 4; i++)
    writeFileSync(join(datasets, 'valid', `train-0000${i}-of-00004.tfrecord`), bytes);
  bytes[50] ^= 1;
  writeFileSync(join(datasets, 'damaged', 'a.tfrecord'), bytes);

  // Port 0: the system chooses a free port, and Next prints it.
  server = spawn(process.execPath, [next, 'start', '-H', '127.0.0.1', '-p', '0'], {
    cwd: fileURLToPath(new URL('..', import.meta.url)),
    env: { ...process.env, DATASETS_DIR: datasets, NEXT_TELEMETRY_DISABLED: '1' },
  });
  url = await new Promise((resolve, reject) => {
    const onText = (text) => {
      log += text;
      const found = /http:\/\/127\.0\.0\.1:\d+/.exec(log);
      if (found) resolve(found[0]);
    };
    server.stdout.on('data', onText);
    server.stderr.on('data', onText);
    server.on('close', () => reject(new Error(`the server ended: ${log}`)));
  });
});

after(async () => {
  const ended = new Promise((resolve) => server.on('close', resolve));
  server.kill();
  await ended;
  rmSync(datasets, { recursive: true });
});

async function get(path) {
  const response = await fetch(url + path);
  return { status: response.status, body: await response.json() };
}

test('a valid dataset', async () => {
  const { status, body } = await get('/api/datasets/valid');
  assert.equal(status, 200);
  assert.equal(body.ok, true);
  assert.deepEqual([body.totals.files, body.totals.records], [4, 8]);
});

test('a damaged dataset: the response has the code and the location', async () => {
  const { body } = await get('/api/datasets/damaged');
  assert.equal(body.ok, false);
  assert.deepEqual(
    body.findings.map(({ code, record }) => [code, record]),
    [['data-checksum', 0]],
  );
});

test('an unknown name is 404, and an invalid one is 400', async () => {
  assert.equal((await get('/api/datasets/missing')).status, 404);
  assert.equal((await get('/api/datasets/..%2Fvalid')).status, 400);
});

test('worker threads start', () => assert.doesNotMatch(log, /worker threads cannot start/));
