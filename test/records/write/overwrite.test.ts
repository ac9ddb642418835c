import { linkSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { openTFRecordShards, openTFRecordWriter } from '../../../src/records/write/index.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { bytesOf, encoded, expectBytes, failureOf, namesIn, somePayloads } from './written.ts';

const temp = tempDir();
const payloads = somePayloads(3);
const OLD = new TextEncoder().encode('old');

function folder(name: string): string {
  const place = temp.file(name);
  mkdirSync(place);
  return place;
}

describe('by default', () => {
  test.each([true, false])('a new file is written (atomic: %s)', async (atomic) => {
    const place = folder(`new-${atomic}`);
    const path = join(place, 'data');
    const writer = await openTFRecordWriter(path, { atomic });
    for (const payload of payloads) await writer.write(payload);
    await writer.close();
    expectBytes(bytesOf(path), encoded(payloads));
    expect(statSync(path).nlink).toBe(1);
    expect(namesIn(place)).toEqual(['data']);
  });

  test.each([true, false])('an existing file remains (atomic: %s)', async (atomic) => {
    const place = folder(`old-${atomic}`);
    const path = join(place, 'data');
    writeFileSync(path, OLD);
    const error = await failureOf(() => openTFRecordWriter(path, { atomic }));
    expect(error).toMatchObject({ code: 'already-exists', uri: path });
    expect(namesIn(place)).toEqual(['data']);
    expectBytes(bytesOf(path), OLD);
  });

  test('a file that appears in the meantime remains', async () => {
    const place = folder('race');
    const path = join(place, 'data');
    const writer = await openTFRecordWriter(path);
    await writer.write(payloads[3]);
    writeFileSync(path, OLD);
    expect(await failureOf(() => writer.close())).toMatchObject({ code: 'already-exists', uri: path });
    expect(namesIn(place)).toEqual(['data']);
    expectBytes(bytesOf(path), OLD);
  });

  test('the target of a link remains; a link without a target is followed', async () => {
    const place = folder('links');
    writeFileSync(join(place, 'old'), OLD);
    symlinkSync('old', join(place, 'link'));
    linkSync(join(place, 'old'), join(place, 'hard'));
    symlinkSync('new', join(place, 'to-nothing'));
    for (const name of ['link', 'hard']) {
      const error = await failureOf(() => openTFRecordWriter(join(place, name)));
      expect(error.code).toBe('already-exists');
    }
    await (await openTFRecordWriter(join(place, 'to-nothing'))).close();
    expect(namesIn(place)).toEqual(['hard', 'link', 'new', 'old', 'to-nothing']);
    expectBytes(bytesOf(join(place, 'old')), OLD);
  });

  test('if the name of one shard exists, no shard appears', async () => {
    const place = folder('shards');
    writeFileSync(join(place, 'train-00001-of-00003'), OLD);
    const writer = openTFRecordShards(join(place, 'train'), { maxShardBytes: 30 });
    const error = await failureOf(async () => writer.write(new Uint8Array(10)));
    expect(error.code).toBe('already-exists');
    expect(namesIn(place)).toEqual(['train-00001-of-00003']);
    expectBytes(bytesOf(join(place, 'train-00001-of-00003')), OLD);
  });

  test('devices cannot be overwritten', async () => {
    await (await openTFRecordWriter('/dev/null')).close();
  });
});

test('a missing directory is named in the error', async () => {
  const path = temp.file('missing/data');
  const error = await failureOf(() => openTFRecordWriter(path));
  expect(error).toMatchObject({ code: 'not-found', uri: path });
  expect(error.message).toContain(`the directory ${temp.file('missing')} does not exist; create it first`);
});
