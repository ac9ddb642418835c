import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { chromium } from 'playwright-core';
import { encodeTFRecord } from 'recordpipe';
import { preview } from 'vite';

// The tests use an installed browser, because downloads of browsers are large.
const executablePath = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);
if (executablePath === undefined) console.log('skipped: the page in a browser (no Chromium)');

const valid = Buffer.concat([3, 5, 8].map((length) => encodeTFRecord(new Uint8Array(length))));
const damaged = Buffer.from(valid);
damaged[12] ^= 1;

test('the page', { skip: executablePath === undefined }, async (t) => {
  let server;
  let browser;
  let page;
  const requests = [];
  t.before(async () => {
    server = await preview({ preview: { host: '127.0.0.1', port: 0 }, logLevel: 'error' });
    // Containers usually run as root, which needs --no-sandbox.
    browser = await chromium.launch({
      executablePath,
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    });
    page = await browser.newPage();
    page.on('request', (request) => requests.push(request.method()));
    page.on('pageerror', (error) => assert.fail(error));
    const { port } = server.httpServer.address();
    await page.goto(`http://127.0.0.1:${port}/`);
  });
  t.after(async () => {
    await browser?.close();
    await server?.close();
  });

  /** Drops a file on the page. Returns the text of the page when the check is done. */
  async function drop(name, bytes) {
    const transfer = await page.evaluateHandle(
      ([name, base64]) => {
        const data = new DataTransfer();
        data.items.add(new File([Uint8Array.from(atob(base64), (char) => char.charCodeAt(0))], name));
        return data;
      },
      [name, bytes.toString('base64')],
    );
    await page.dispatchEvent('#drop', 'drop', { dataTransfer: transfer });
    await page.waitForSelector('#progress', { state: 'hidden' });
    const result = await page.textContent('#result');
    return { result, errors: await page.locator('#errors li').allTextContents() };
  }

  await t.test('shows the number of records of a valid file', async () => {
    assert.deepEqual(await drop('a.tfrecord', valid), {
      result: 'a.tfrecord: valid (records: 3, format: tfrecord, compression: none)',
      errors: [],
    });
  });

  await t.test('reads a compressed file', async () => {
    const { result } = await drop('a.tfrecord.gz', gzipSync(valid));
    assert.equal(result, 'a.tfrecord.gz: valid (records: 3, format: tfrecord, compression: gzip)');
  });

  await t.test('shows where a file is damaged', async () => {
    const { result, errors } = await drop('b.tfrecord', damaged);
    assert.equal(result, 'b.tfrecord: invalid (records: 2, format: tfrecord, compression: none)');
    assert.match(errors[0], /record 0/);
  });

  await t.test('explains a file of another format', async () => {
    const { result, errors } = await drop(
      'c.png',
      Buffer.from('\x89PNG\r\n\x1a\n0000000000000000', 'latin1'),
    );
    assert.equal(result, 'c.png could not be checked');
    assert.equal(errors.length, 1);
  });

  await t.test('sends nothing', () => {
    assert.deepEqual(new Set(requests), new Set(['GET']));
  });
});
