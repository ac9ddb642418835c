import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { encodeTFRecord } from '../../dist/index.js';
import { withPage } from './browser.mjs';

const RECORDS = 20_000;
const DAMAGED = 12_345;
/** VitePress prefetches other pages when it is idle, which fails without a network. */
const NO_PREFETCH = `Object.defineProperty(navigator.connection, 'saveData', { value: true })`;

/** Drops a valid, a damaged and a gzipped file on the validation page, and tries its samples. */
export async function checkDemo(browser, origin, screenshots) {
  const frames = Array.from({ length: RECORDS }, () => encodeTFRecord(randomBytes(100)));
  const valid = Buffer.concat(frames);
  const damaged = Buffer.from(valid);
  damaged[DAMAGED * frames[0].length + 50] ^= 1;
  const cases = [
    ['valid.tfrecord', valid, ['valid, 20,000 records', 'tfrecord', 'none']],
    [
      'damaged.tfrecord',
      damaged,
      ['invalid, 1 finding', 'data-checksum', String(DAMAGED), String(DAMAGED * frames[0].length), '19,999'],
    ],
    ['valid.tfrecord.gz', gzipSync(valid), ['valid, 20,000 records', 'gzip']],
    ['page.html', Buffer.from('<!doctype html><title>Not found</title>'), ['invalid', 'unknown-format']],
  ];
  const problems = await withPage(browser, { origin, path: '/validate', init: NO_PREFETCH }, async (page) => {
    const found = [];
    // The page works without a network once it is loaded.
    await page.locator('.validate-file[data-loaded=true]').waitFor();
    await page.context().setOffline(true);
    await drop(page, cases);
    for (const [name, , expected] of cases) found.push(...(await resultLacks(page, name, expected)));
    for (const [kind, name, expected] of [
      ['a valid file', 'sample.tfrecord', ['valid, 1,000 records', 'embedding', '"cat"']],
      ['a damaged file', 'damaged.tfrecord', ['invalid, 2 findings', 'data-checksum', 'truncated-record']],
      ['a gzipped file', 'sample.tfrecord.gz', ['valid, 1,000 records', 'gzip']],
    ]) {
      await page.getByRole('button', { name: kind }).click();
      found.push(...(await resultLacks(page, name, expected)));
    }
    if (screenshots !== undefined)
      await page.screenshot({ path: join(screenshots, 'validated.png'), fullPage: true });
    return found;
  });
  return { did: `${cases.length} dropped files and 3 samples`, problems };
}

async function drop(page, files) {
  const contents = files.map(([name, bytes]) => [name, bytes.toString('base64')]);
  const data = await page.evaluateHandle(async (list) => {
    const transfer = new DataTransfer();
    for (const [name, base64] of list) {
      const bytes = await (await fetch(`data:application/octet-stream;base64,${base64}`)).arrayBuffer();
      transfer.items.add(new File([bytes], name));
    }
    return transfer;
  }, contents);
  await page.dispatchEvent('.drop', 'drop', { dataTransfer: data });
}

/** Waits for the newest result of a file, and returns what it lacks. */
async function resultLacks(page, name, expected) {
  const result = page.locator(`section.file[aria-label="${name}"]`).first();
  await result.and(page.locator('[data-state=done]')).waitFor();
  const text = await result.innerText();
  return expected.filter((part) => !text.includes(part)).map((part) => `${name}: no "${part}" in: ${text}`);
}
