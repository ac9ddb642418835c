import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { chromium } from 'playwright-core';
import { encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';
import { preview } from 'vite';

// The tests use an installed browser, because downloads of browsers are large.
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
if (executablePath === undefined) console.log('skipped: the worker in a browser (no Chromium)');

const RECORDS = 100_000;
const records = Array.from({ length: RECORDS }, (_, i) =>
  encodeTFRecord(
    encodeExample({ label: { kind: 'int64', value: [i % 2] }, score: { kind: 'float', value: [i % 4] } }),
  ),
);
const file = (buffer) => ({ name: 'scores.tfrecord', mimeType: 'application/octet-stream', buffer });

test('the page', { skip: executablePath === undefined }, async (t) => {
  let server;
  let browser;
  let page;
  t.before(async () => {
    server = await preview({ preview: { host: '127.0.0.1', port: 0 }, logLevel: 'error' });
    // Containers usually run as root, which needs --no-sandbox.
    browser = await chromium.launch({
      executablePath,
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    });
    page = await browser.newPage();
    page.on('pageerror', (error) => assert.fail(error));
    await page.goto(`http://127.0.0.1:${server.httpServer.address().port}/`);
  });
  t.after(async () => {
    await browser?.close();
    await server?.close();
  });

  /** Chooses a file. Returns the text of the result when it is complete. */
  async function choose(buffer) {
    await page.setInputFiles('#file', file(buffer));
    await page.waitForSelector('#file:enabled');
    return page.textContent('#result');
  }

  await t.test('a worker decodes all records', async () => {
    const result = await choose(Buffer.concat(records));
    assert.equal(result, 'label 0: 50000 records, mean score 1\nlabel 1: 50000 records, mean score 2');
  });

  await t.test('an error of the worker has its location', async () => {
    const damaged = Buffer.concat(records.slice(0, 10));
    damaged[damaged.length - 5] ^= 1;
    assert.match(await choose(damaged), /record 9/);
  });

  await t.test('a record without a feature is an error', async () => {
    const record = encodeTFRecord(encodeExample({ label: { kind: 'int64', value: [1] } }));
    assert.match(await choose(Buffer.from(record)), /score/);
  });
});
