import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { encodeTFRecord, openRecords, readRecords, readTFRecords, scanRecords } from 'recordpipe';
import { Dataset } from 'recordpipe/dataset';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { FIXTURES } from '../support/golden.ts';
import { requestsFor, type S3Place, s3Place, sentOf } from '../support/s3-place.ts';

const records = Array.from({ length: 2000 }, (_, i) => new Uint8Array(1000 + (i % 7)).fill(i));
const tfrecord = Buffer.concat(records.map((record) => encodeTFRecord(record)));
const big = Buffer.concat(Array.from({ length: 12 }, () => tfrecord));

let place: S3Place;
beforeAll(async () => {
  place = await s3Place({
    objects: {
      'data/a.tfrecord': tfrecord,
      'data/a.tfrecord.gz': gzipSync(tfrecord),
      'data/key with spaces+%2B.tfrecord': tfrecord,
      'data/lines.txt': 'one\ntwo\nthree\n',
      'data/empty.tfrecord': '',
      'data/big.tfrecord': big,
      'data/damaged.tfrecord': readFileSync(new URL('damaged-data.bin', FIXTURES)),
    },
  });
});
afterAll(() => place.server.close());

const uri = (key: string): string => `s3://data/${key}`;
async function collected(source: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const found = [];
  for await (const record of source) found.push(record);
  return found;
}

/** Compare bytes, because comparing records one by one takes vitest minutes. */
function same(found: readonly Uint8Array[]): boolean {
  return found.length === records.length && found.every((one, i) => Buffer.compare(one, records[i]) === 0);
}

test.each(['a.tfrecord', 'a.tfrecord.gz', 'key with spaces+%2B.tfrecord'])('readers take %s', async (key) => {
  place.server.log.length = 0;
  const { objects } = place;
  expect(same(await collected(readRecords(uri(key), { objects })))).toBe(true);
  expect(requestsFor(place.server, key).length).toBe(1); // One request both identifies and reads it.
  expect(same(await collected(readTFRecords(uri(key), { objects })))).toBe(true);
});

test('URLs, whose keys are escaped', async () => {
  const { objects } = place;
  const url = new URL('s3://data/key%20with%20spaces+%252B.tfrecord');
  expect((await collected(readRecords(url, { objects }))).length).toBe(records.length);
});

test('lines, and an empty object', async () => {
  const { objects } = place;
  const lines = await collected(readRecords(uri('lines.txt'), { objects }));
  expect(lines.map((line) => Buffer.from(line).toString())).toEqual(['one', 'two', 'three']);
  expect(await collected(readRecords(uri('empty.tfrecord'), { objects }))).toEqual([]);
});

test('the size is known once it is open; closing it leaves no request in progress', async () => {
  const { objects, server } = place;
  const opened = await openRecords(uri('big.tfrecord'), { objects });
  expect(opened).toMatchObject({ format: 'tfrecord', compression: 'none', uri: uri('big.tfrecord') });
  expect(opened.size?.()).toBe(big.length);
  await opened.batches.return();
  await vi.waitFor(() => expect(server.concurrent).toBe(0));
});

test('stopping early requests few bytes', async () => {
  const { objects, server } = place;
  server.log.length = 0;
  for await (const record of readRecords(uri('big.tfrecord'), {
    objects: { ...objects, firstPartBytes: 64 * 1024 },
  })) {
    expect(record).toEqual(records[0]);
    break;
  }
  expect(requestsFor(server, 'big.tfrecord')[0]).toBe('bytes=0-65535');
  expect(sentOf(server, 'big.tfrecord')).toBeLessThan(512 * 1024);
});

test('errors equal those of files', async () => {
  const { objects } = place;
  const local = await scanRecords(new URL('damaged-data.bin', FIXTURES), { uri: 'x' });
  const remote = await scanRecords(uri('damaged.tfrecord'), { objects, uri: 'x' });
  expect({ ...remote, errors: remote.errors.map(String) }).toEqual({
    ...local,
    errors: local.errors.map(String),
  });
  const missing = collected(readRecords(uri('nothing.tfrecord'), { objects }));
  await expect(missing).rejects.toMatchObject({ code: 'object-missing', uri: uri('nothing.tfrecord') });
});

test('an object that is overwritten while it is read is an error, and yields no mixed bytes', async () => {
  await using other = await s3Place({
    objects: { 'data/a': big },
    faults: [{ key: 'a', from: 256 * 1024, do: 'overwrite', content: tfrecord }],
  });
  const objects = { ...other.objects, partBytes: 256 * 1024, windowBytes: 256 * 1024 };
  let seen = 0;
  const reading = (async () => {
    for await (const record of readRecords('s3://data/a', { objects })) {
      expect(Buffer.compare(record, records[seen % records.length])).toBe(0);
      seen++;
    }
  })();
  await expect(reading).rejects.toMatchObject({ code: 'object-changed' });
  expect(seen).toBeGreaterThan(0);
});

test('a signal ends it, also while a response is awaited', async () => {
  await using other = await s3Place({
    objects: { 'data/a': big },
    faults: [{ key: 'a', do: 'stall', at: 'before' }],
  });
  const stop = new AbortController();
  const reading = collected(readRecords('s3://data/a', { objects: other.objects, signal: stop.signal }));
  setTimeout(() => stop.abort(), 50);
  await expect(reading).rejects.toMatchObject({ code: 'aborted' });
});

test('datasets of objects: by address, pattern and prefix', async () => {
  const { objects } = place;
  const count = async (names: string | string[]): Promise<number> => {
    let seen = 0;
    for await (const _ of Dataset.records(names, { objects })) seen++;
    return seen;
  };
  expect(await count(uri('a.tfrecord'))).toBe(2000);
  expect(await count(uri('a.*'))).toBe(4000);
  expect(await count([uri('a.tfrecord'), uri('big.tfrecord')])).toBe(26_000);
  await expect(count(uri('x*'))).rejects.toMatchObject({ code: 'object-missing' });
});
