import { encodeTFRecord, readRecords } from 'recordpipe';
import { Dataset } from 'recordpipe/dataset';
import { readObjects } from 'recordpipe/storage';
import { expect, it, onTestFinished, vi } from 'vitest';
import type { ObjectRef } from '../../../src/storage/storage.ts';
import { requestsFor, s3Place } from '../../support/s3-place.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { ScriptedSource } from '../scripted-source.ts';
import { bytesOf, expectBytes } from '../some-bytes.ts';
import { cachedIn, sourceWith } from './cached.ts';

const MIB = 1024 * 1024;
const { path: folder } = tempDir();

const cached = cachedIn(folder);

it("objects in the cache do not wait for each other's properties", async () => {
  const source = new ScriptedSource();
  const refs = Array.from({ length: 40 }, (_, i) => ({ uri: `s3://bucket/${i}` }));
  for (const { uri } of refs) source.put(uri, bytesOf(5000));
  const objects = cached();
  const stat = source.stat.bind(source);
  const from = sourceWith(objects, source);
  let asked = 0;
  for (const epoch of [1, 2]) {
    asked = 0;
    let open = (): void => {};
    const several = new Promise<void>((resolve) => {
      open = resolve;
    });
    // Except for the first, no answer comes before 8 requests have been sent.
    from.stat = async (ref) => {
      asked += 1;
      if (asked === 8) open();
      if (asked > 1) await several;
      return stat(ref);
    };
    let bytes = 0;
    for await (const { chunk } of readObjects(refs, { ...objects, source: from })) bytes += chunk.length;
    expect({ epoch, bytes, asked }).toEqual({ epoch, bytes: 40 * 5000, asked: 40 });
  }
  expect(source.requests).toHaveLength(40);
});

it('an object that is overwritten long before a slow reader reaches it is read in its new version', async () => {
  await using place = await s3Place({
    objects: { 'bucket/a': bytesOf(3 * MIB), 'bucket/b': bytesOf(MIB, 1) },
  });
  const objects = cached({ ...place.objects, windowBytes: MIB, partBytes: MIB });
  const refs = [{ uri: 's3://bucket/a' }, { uri: 's3://bucket/b' }];
  for await (const _ of readObjects(refs, objects));
  const now = performance.now.bind(performance);
  onTestFinished(() => void vi.restoreAllMocks());
  const chunks: Uint8Array[] = [];
  for await (const { chunk, index, offset } of readObjects(refs, objects)) {
    if (index === 1) chunks.push(chunk);
    if (index + offset > 0) continue;
    place.server.store.put('bucket/b', bytesOf(MIB, 2));
    vi.spyOn(performance, 'now').mockImplementation(() => now() + 60_000);
  }
  expectBytes(Buffer.concat(chunks), bytesOf(MIB, 2));
});

it('names that are expanded by a listing need no other request', async () => {
  const file = Buffer.concat([encodeTFRecord(Buffer.from('one')), encodeTFRecord(Buffer.from('two'))]);
  await using place = await s3Place({
    objects: { 'bucket/d/a.tfrecord': file, 'bucket/d/b.tfrecord': file },
  });
  const objects = cached(place.objects);
  for (const names of ['s3://bucket/d/*.tfrecord', 's3://bucket/d/'])
    for (const read of [Dataset.records(names, { objects }), readRecords(names, { objects })]) {
      let records = 0;
      for await (const _ of read) records += 1;
      expect(records).toBe(4);
    }
  for (const name of ['a', 'b'])
    expect(requestsFor(place.server, `d/${name}.tfrecord`)).toEqual([`bytes=0-${file.length - 1}`]);
});

it('an error of the list follows the objects before it, and ending early ends the list', async () => {
  const source = new ScriptedSource();
  for (const name of ['a', 'b']) source.put(`s3://bucket/${name}`, bytesOf(10));
  let ended = 0;
  async function* list(): AsyncGenerator<ObjectRef> {
    try {
      yield { uri: 's3://bucket/a' };
      yield { uri: 's3://bucket/b' };
      throw new Error('the listing failed');
    } finally {
      ended += 1;
    }
  }
  const seen: string[] = [];
  const reading = async (): Promise<void> => {
    for await (const { object } of readObjects(list(), { ...cached(), source })) seen.push(object.uri);
  };
  await expect(reading()).rejects.toThrow('the listing failed');
  expect(seen).toEqual(['s3://bucket/a', 's3://bucket/b']);
  for await (const _ of readObjects(list(), { ...cached(), source })) break;
  await vi.waitFor(() => expect(ended).toBe(2));
});

it('an object in the cache costs one request for a byte; an empty one a HEAD in addition', async () => {
  await using place = await s3Place({ objects: { 'bucket/a': bytesOf(5000), 'bucket/b': bytesOf(0) } });
  const objects = cached(place.objects);
  const refs = [{ uri: 's3://bucket/a' }, { uri: 's3://bucket/b' }];
  for (const epoch of [1, 2]) {
    const before = place.server.log.length;
    const sizes: number[] = [];
    for await (const { object } of readObjects(refs, objects)) sizes.push(object.size);
    expect(sizes).toEqual([5000, 0]);
    if (epoch === 1) continue;
    const requests = place.server.log
      .slice(before)
      .map(({ key, range, operation }) => [key, range ?? operation]);
    expect(requests.sort()).toEqual([
      ['a', 'bytes=0-0'],
      ['b', 'HeadObject'],
      ['b', 'bytes=0-0'],
    ]);
  }
});
