import { appendFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { openTFRecordWriter, type TFRecordWriteOptions } from '../../../src/records/write/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import {
  bytesOf,
  encoded,
  expectBytes,
  expectRecords,
  failureOf,
  namesIn,
  recordsOf,
  somePayloads,
} from './written.ts';

const folder = tempDir();
const first = somePayloads(1);
const second = somePayloads(2);

async function put(
  path: string,
  payloads: readonly Uint8Array[],
  options: Partial<TFRecordWriteOptions>,
): Promise<number> {
  const writer = await openTFRecordWriter(path, { overwrite: true, ...options });
  for (const payload of payloads) await writer.write(payload);
  return (await writer.close()).bytes;
}

describe.each(['none', 'gzip'] as const)('to %s', (compression) => {
  test('records are appended repeatedly', async () => {
    const path = folder.file(`${compression}-twice`);
    await put(path, first, { compression });
    const before = bytesOf(path);
    const added = await put(path, second, { append: true, bufferBytes: 4096 });
    expectBytes(bytesOf(path).subarray(0, before.length), before);
    expect(bytesOf(path).length).toBe(before.length + added);
    await put(path, [], { append: true });
    await put(path, first, { append: true, compression });
    expectRecords(await recordsOf(path), [...first, ...second, ...first]);
    if (compression === 'none') expectBytes(bytesOf(path), encoded([...first, ...second, ...first]));
    else expectBytes(gunzipSync(bytesOf(path)), encoded([...first, ...second, ...first]));
  });

  test.each([false, true])('an empty (%s) or missing file is created', async (there) => {
    const path = folder.file(`${compression}-new-${there}`);
    if (there) writeFileSync(path, '');
    await put(path, first, { append: true, compression });
    expectRecords(await recordsOf(path), first);
    if (compression === 'none') expectBytes(bytesOf(path), encoded(first));
    else expectBytes(gunzipSync(bytesOf(path)), encoded(first));
  });

  test('appending nothing changes nothing', async () => {
    const path = folder.file(`${compression}-nothing`);
    await put(path, first, { compression });
    const before = bytesOf(path);
    const writer = await openTFRecordWriter(path, { append: true });
    await writer.flush();
    expect((await writer.close()).bytes).toBe(0);
    expectBytes(bytesOf(path), before);
  });

  // TensorFlow treats an empty gzip member as the end of the file.
  test('a file without records is rewritten', async () => {
    const path = folder.file(`${compression}-no-records`);
    await put(path, [], { compression });
    await put(path, first, { append: true });
    const whole = folder.file(`${compression}-whole`);
    await put(whole, first, { compression });
    expectBytes(bytesOf(path), bytesOf(whole));
  });

  test('through a link', async () => {
    const path = folder.file(`${compression}-behind-link`);
    await put(path, first, { compression });
    symlinkSync(path, `${path}-link`);
    await put(`${path}-link`, second, { append: true });
    expectRecords(await recordsOf(path), [...first, ...second]);
  });

  test('aborting removes the appended records', async () => {
    const path = folder.file(`${compression}-aborted`);
    await put(path, first, { compression });
    const before = bytesOf(path);
    const writer = await openTFRecordWriter(path, { append: true, bufferBytes: 4096 });
    for (const payload of second) await writer.write(payload);
    await writer.flush();
    expect(bytesOf(path).length).toBeGreaterThan(before.length);
    await writer.abort();
    expectBytes(bytesOf(path), before);
  });

  test('aborting keeps data that another process has appended', async () => {
    const path = folder.file(`${compression}-shared`);
    await put(path, first, { compression });
    const writer = await openTFRecordWriter(path, { append: true });
    await writer.write(second[0]);
    await writer.flush();
    appendFileSync(path, 'other');
    const before = bytesOf(path);
    await writer.abort();
    expectBytes(bytesOf(path), before);
  });
});

describe('rejects and leaves the file unchanged', () => {
  const whole = encoded(first);
  test.each([
    ['half a payload', whole.subarray(0, whole.length - 5), undefined, 'truncated-record'],
    [
      'half a header',
      encoded([...first, new Uint8Array(0)]).subarray(0, whole.length + 4),
      undefined,
      'truncated-header',
    ],
    ['a bad header', Uint8Array.from([...whole, ...new Uint8Array(20)]), undefined, 'length-checksum'],
    ['something else', Buffer.from('{"this": "is JSON"}'), undefined, 'length-checksum'],
    ['gzip without its trailer', gzipSync(whole).subarray(0, -3), undefined, 'truncated-compressed-stream'],
    ['gzip of half a record', gzipSync(whole.subarray(0, -5)), undefined, 'truncated-record'],
    ['none if gzip is requested', whole, 'gzip', 'unsupported-source'],
    ['none if zlib is requested', whole, 'zlib', 'unsupported-source'],
    ['gzip if none is requested', gzipSync(whole), 'none', 'unsupported-source'],
  ] as const)('%s', async (name, bytes, compression, code) => {
    const path = folder.file(name);
    writeFileSync(path, bytes);
    const error = await failureOf(() =>
      openTFRecordWriter(path, { append: true, ...(compression && { compression }) }),
    );
    expect(error).toMatchObject({ code, uri: path });
    expectBytes(bytesOf(path), bytes);
  });

  test.each([undefined, 'zlib'] as const)('zlib, requested as %s', async (compression) => {
    const path = folder.file('zlib');
    await put(path, first, { compression: 'zlib' });
    const before = bytesOf(path);
    const error = await failureOf(() =>
      openTFRecordWriter(path, { append: true, ...(compression && { compression }) }),
    );
    expect(error.code).toBe('unsupported-source');
    expectBytes(bytesOf(path), before);
  });
});

test('appending creates no directory and no temporary file', async () => {
  const place = folder.file('appending');
  mkdirSync(place);
  const writer = await openTFRecordWriter(`${place}/data`, { append: true });
  await writer.write(first[1]);
  expect(namesIn(place)).toEqual(['data']);
  await writer.close();
  const error = await failureOf(() => openTFRecordWriter(`${place}/missing/data`, { append: true }));
  expect(error.code).toBe('not-found');
  expect(existsSync(`${place}/missing`)).toBe(false);
});
