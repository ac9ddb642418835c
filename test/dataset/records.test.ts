import { execFileSync, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { Dataset } from '../../src/dataset/index.ts';
import { encodeRecordIO, encodeTextLine, encodeTFRecord } from '../../src/index.ts';
import { openDescriptors, tempDir } from '../support/temp-dir.ts';

const folder = tempDir();
const path = (name: string): string => folder.file(name);
const text = (record: Uint8Array): string => new TextDecoder().decode(record);
const bytes = (written: string): Uint8Array => new TextEncoder().encode(written);

function tfrecords(...records: string[]): Buffer {
  return Buffer.concat(records.map((record) => encodeTFRecord(bytes(record))));
}

const descriptors = (): number => openDescriptors(folder.path);

beforeAll(async () => {
  await writeFile(path('b-10.tfrecord'), tfrecords('b10'));
  await writeFile(path('a.tfrecord'), tfrecords('a0', 'a1', 'a2'));
  await writeFile(path('b-9.tfrecord'), tfrecords('b0', '', 'b2'));
  await writeFile(path('c.rec'), Buffer.concat([encodeRecordIO(bytes('c0')), encodeRecordIO(bytes('c1'))]));
  await writeFile(path('d.txt'), Buffer.concat([encodeTextLine(bytes('d0')), encodeTextLine(bytes('d1'))]));
  await writeFile(path('odd[1].tfrecord'), tfrecords('odd'));
  const damaged = tfrecords('good', 'better', 'damaged', 'lost');
  damaged[damaged.length - 24] ^= 1;
  await writeFile(path('damaged.tfrecord'), damaged);
  await writeFile(
    path('many.tfrecord'),
    tfrecords(...Array.from({ length: 10_000 }, (_, i) => `record ${i}`)),
  );
});
describe('files', () => {
  test('reads one file, several in order, and one twice', async () => {
    const names = ['b-9.tfrecord', 'a.tfrecord', 'b-9.tfrecord'].map(path);
    expect(await Dataset.records(names).map(text).toArray()).toEqual([
      ...['b0', '', 'b2'],
      ...['a0', 'a1', 'a2'],
      ...['b0', '', 'b2'],
    ]);
    expect(await Dataset.records(pathToFileURL(path('a.tfrecord'))).count()).toBe(3);
  });

  test('expands a glob, sorted by bytes, and reads a file whose name looks like a glob', async () => {
    const names = await Dataset.files(path('{b,a}*.tfrecord')).toArray();
    expect(names).toEqual(['a.tfrecord', 'b-10.tfrecord', 'b-9.tfrecord'].map(path));
    expect(await Dataset.records(path('odd[1].tfrecord')).map(text).toArray()).toEqual(['odd']);
  });

  test('files are expanded again in each iteration', async () => {
    const dataset = Dataset.records(path('late-*.tfrecord'));
    await expect(dataset.toArray()).rejects.toMatchObject({ code: 'not-found' });
    await writeFile(path('late-1.tfrecord'), tfrecords('1'));
    expect(await dataset.count()).toBe(1);
    await writeFile(path('late-2.tfrecord'), tfrecords('2'));
    expect(await dataset.count()).toBe(2);
  });

  test('reads records of every format, detected or named', async () => {
    expect(await Dataset.records(path('c.rec')).map(text).toArray()).toEqual(['c0', 'c1']);
    expect(await Dataset.records(path('d.txt'), { format: 'textline' }).map(text).toArray()).toEqual([
      'd0',
      'd1',
    ]);
  });

  test('interleaved', async () => {
    const dataset = Dataset.files([path('a.tfrecord'), path('b-9.tfrecord'), path('c.rec')]).interleave(
      (file) => Dataset.records(file),
      { cycleLength: 2 },
    );
    expect(await dataset.map(text).toArray()).toEqual(['a0', 'b0', 'a1', '', 'a2', 'b2', 'c0', 'c1']);
  });

  test('records before damage come first, also those of an incomplete batch', async () => {
    const seen: string[][] = [];
    const read = Dataset.records(path('damaged.tfrecord')).map(text).batch(5);
    await expect(
      read.forEach((batch) => {
        seen.push(batch);
      }),
    ).rejects.toMatchObject({ code: 'data-checksum', record: 2, uri: path('damaged.tfrecord') });
    expect(seen).toEqual([['good', 'better']]);
  });

  test('shard, skip and count skip records without creating them; all shards together are complete', async () => {
    const all = Dataset.records(path('many.tfrecord'), { chunkBytes: 1000 });
    expect(await all.count()).toBe(10_000);
    expect(await all.skip(9_998).map(text).toArray()).toEqual(['record 9998', 'record 9999']);
    const shards = await Promise.all([0, 1, 2].map((i) => all.shard(3, i).map(text).toArray()));
    expect(shards.map((shard) => shard.length)).toEqual([3334, 3333, 3333]);
    expect(shards.flat().toSorted()).toEqual((await all.map(text).toArray()).toSorted());
  });

  test('a batch keeps its records valid', async () => {
    const batches = await Dataset.records(path('many.tfrecord'), { chunkBytes: 500 })
      .batch(1000)
      .prefetch(2)
      .toArray();
    expect(batches.flat().map(text)).toEqual(Array.from({ length: 10_000 }, (_, i) => `record ${i}`));
  });
});

describe.runIf(process.platform === 'linux')('descriptors', () => {
  test('files are closed whenever an iteration ends', async () => {
    const dataset = Dataset.records(path('many.tfrecord'), { chunkBytes: 1000 });
    await dataset.first();
    await sleep(5);
    const before = descriptors();
    for (let i = 0; i < 200; i++) {
      const stop = new AbortController();
      const iterator = dataset.prefetch(100).iterate({ signal: stop.signal });
      await iterator.next();
      if (i % 3 === 0) await iterator.return();
      else stop.abort();
      const pending = dataset.iterate({ signal: stop.signal });
      const step = pending.next().catch(() => {});
      if (i % 3 === 0) await pending.return();
      await step;
    }
    await expect.poll(descriptors).toBeLessThanOrEqual(before);
  });

  test('aborts reading a named pipe whose writer sends nothing', async () => {
    const fifo = path('silent');
    execFileSync('mkfifo', [fifo]);
    const before = descriptors();
    const reading = Dataset.records(fifo, { format: 'tfrecord' }).prefetch(2).iterate();
    const pending = reading.next();
    await sleep(20);
    await reading.return();
    expect(await pending).toEqual({ done: true, value: undefined });
    const signal = AbortSignal.timeout(20);
    await expect(Dataset.records(fifo).toArray({ signal })).rejects.toMatchObject({ code: 'aborted' });
    await expect.poll(descriptors).toBeLessThanOrEqual(before);
  });

  test('records of a named pipe', async () => {
    const fifo = path('pipe');
    execFileSync('mkfifo', [fifo]);
    const writer = spawn('sh', ['-c', `cat "${path('many.tfrecord')}" > "${fifo}"`]);
    const records = await Dataset.records(fifo).map(text).batch(100).toArray();
    expect(records.flat()).toHaveLength(10_000);
    await new Promise((resolve) =>
      writer.exitCode === null ? writer.on('exit', resolve) : resolve(undefined),
    );
  });
});
