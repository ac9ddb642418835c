import { mkdtempSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ObjectOptions, openObjectReader, readObjects } from 'recordpipe/storage';
import { expect, it } from 'vitest';
import { requestsFor, s3Place, sentOf } from '../../support/s3-place.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { bytesOf, expectBytes } from '../some-bytes.ts';

const MIB = 1024 * 1024;
const dir = tempDir();

/** Returns options with a new cache folder. */
function cached(objects: Partial<ObjectOptions>, path = mkdtempSync(join(dir.path, 'cache-'))) {
  return { ...objects, cache: { dir: path, maxBytes: 64 * MIB } };
}

async function wholeOf(uri: string, objects: Partial<ObjectOptions>): Promise<Uint8Array> {
  const pieces = readObjects([{ uri }], objects);
  const chunks: Uint8Array[] = [];
  for await (const { chunk } of pieces) chunks.push(chunk);
  return Buffer.concat(chunks);
}

it('reads an object once from the service', async () => {
  const bytes = bytesOf(10 * MIB + 12345);
  await using place = await s3Place({ objects: { 'bucket/a': bytes } });
  const objects = cached(place.objects);
  expectBytes(await wholeOf('s3://bucket/a', objects), bytes);
  expect(sentOf(place.server, 'a')).toBe(bytes.length);
  expectBytes(await wholeOf('s3://bucket/a', objects), bytes);
  expect(requestsFor(place.server, 'a')).toEqual(['HeadObject', 'bytes=0-8388607', 'bytes=8388608-10498104', 'HeadObject']);
  console.log(readdirSync(join(objects.cache.dir, 'recordpipe-cache-1')));
  const reader = await openObjectReader('s3://bucket/a', objects);
  expectBytes(await reader.read(MIB - 100, 3 * MIB + 7), bytes.subarray(MIB - 100, 3 * MIB + 7));
  console.log(reader.stats);
});
