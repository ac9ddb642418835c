import { existsSync, mkdirSync, readFileSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  buildIndex,
  openIndexed,
  openMXIndexedRecordIO,
  openMXIndexedRecordIOWriter,
} from '../../src/records/indexes/index.ts';
import { openRecordIOWriter, openTFRecordWriter } from '../../src/records/write/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { Random } from '../support/random.ts';
import { tempDir } from '../support/temp-dir.ts';
import {
  described,
  type Listed,
  listed,
  missingCounterpart,
  type Reading,
  readWith,
  runPython,
} from './counterpart.ts';

const folder = tempDir();
const random = new Random(20_267);
const MAGIC = Uint8Array.of(0x0a, 0x23, 0xd7, 0xce);

function records(count: number, most: number): Uint8Array[] {
  return Array.from({ length: count }, () => random.bytes(random.below(most)));
}

const missingVahidk = missingCounterpart('vahidk');
describe.skipIf(missingVahidk !== undefined)('indexes of vahidk/tfrecord', () => {
  const FILES: Readonly<Record<string, Uint8Array[]>> = {
    none: [],
    one: records(1, 100),
    equal: Array.from({ length: 1000 }, () => random.bytes(100)),
    small: records(20_000, 40),
    large: [...records(20, 300_000), new Uint8Array(0), random.bytes(2_000_000)],
    'no-payload': Array.from({ length: 50 }, () => new Uint8Array(0)),
  };
  let place: string;
  let readings: Map<string, Reading<Listed & { shards: number }>>;

  beforeAll(async () => {
    place = folder.file('vahidk');
    mkdirSync(place);
    for (const [name, payloads] of Object.entries(FILES)) {
      const writer = await openTFRecordWriter(join(place, `${name}.tfrecord`));
      for (const payload of payloads) await writer.write(payload);
      await writer.close();
      // vahidk's loader cannot read an index with one line, or with fewer lines than shards.
      const indexPath = join(place, payloads.length < 7 ? `${name}.ours` : `${name}.idx`);
      await buildIndex(join(place, `${name}.tfrecord`), { kind: 'vahidk', format: 'tfrecord', indexPath });
    }
    readings = readWith('vahidk', 'vahidk_index.py', place);
  });

  test('recordpipe writes the same bytes as tfrecord2idx and as DALI indexes', async () => {
    for (const name of Object.keys(FILES)) {
      const theirs = readFileSync(join(place, `${name}.vahidk`));
      const indexPath = folder.file('again.idx');
      for (const kind of ['vahidk', 'dali'] as const) {
        await buildIndex(join(place, `${name}.tfrecord`), {
          kind,
          format: 'tfrecord',
          indexPath,
          overwrite: true,
        });
        expect(readFileSync(indexPath).equals(theirs), name).toBe(true);
      }
    }
  });

  test('its loader reads with indexes of recordpipe, in any number of shards', () => {
    for (const [name, payloads] of Object.entries(FILES)) {
      const { records: found, error, died } = readings.get(`${name}.tfrecord`)!;
      expect(error ?? died, name).toBeNull();
      if (payloads.length < 7) continue;
      for (const shards of [1, 2, 7]) {
        const read = found.filter((record) => record.shards === shards);
        expect(
          read.map(({ length, sha256 }) => ({ length, sha256 })),
          `${name} in ${shards}`,
        ).toEqual(listed(payloads));
      }
    }
  });

  test('recordpipe gets records with its indexes', async () => {
    for (const [name, payloads] of Object.entries(FILES)) {
      await using file = await openIndexed(join(place, `${name}.tfrecord`), {
        indexPath: join(place, `${name}.vahidk`),
        format: 'tfrecord',
      });
      expect(file.length, name).toBe(payloads.length);
      const some = Array.from({ length: Math.min(200, payloads.length) }, () =>
        random.below(payloads.length),
      );
      for (const i of some)
        expect(listed([await file.get(i)]), `${name} ${i}`).toEqual(listed([payloads[i]]));
      expect(listed(await file.getMany(some)), name).toEqual(listed(some.map((i) => payloads[i])));
    }
  });

  test('recordpipe rejects a truncated file and its index, tfrecord2idx does not', async () => {
    const cut = folder.file('cut');
    mkdirSync(cut);
    const path = join(cut, 'cut.tfrecord');
    const writer = await openTFRecordWriter(path);
    for (const payload of FILES['equal']) await writer.write(payload);
    const { bytes } = await writer.close();
    truncateSync(path, bytes - 50);
    readWith('vahidk', 'vahidk_index.py', cut);
    const theirs = join(cut, 'cut.vahidk');
    expect(readFileSync(theirs, 'utf8').trimEnd().split('\n').length).toBe(1000);
    await expect(buildIndex(path, { kind: 'vahidk' })).rejects.toMatchObject({ code: 'truncated-record' });
    expect(existsSync(`${path}.idx`)).toBe(false);
    await expect(openIndexed(path, { indexPath: theirs })).rejects.toMatchObject({ code: 'index-mismatch' });
  });
});

const missingMXNet = missingCounterpart('mxnet');
describe.skipIf(missingMXNet !== undefined)('indexes of MXNet', () => {
  let written: string;
  beforeAll(() => {
    written = folder.file('mxnet');
    runPython('mxnet', 'mxnet_write.py', written, '20267');
  });

  test('recordpipe writes the same bytes as MXIndexedRecordIO with sequential keys', async () => {
    const indexPath = folder.file('mx.idx');
    for (const name of ['by-order', 'by-nothing']) {
      const path = join(written, `${name}.rec`);
      await buildIndex(path, { kind: 'mx', format: 'recordio', indexPath, overwrite: true });
      expect(readFileSync(indexPath, 'utf8'), name).toBe(readFileSync(join(written, `${name}.idx`), 'utf8'));
    }
  });

  test('recordpipe gets records with its indexes', async () => {
    const theirs = described(written, 'by-order.rec').records;
    await using file = await openIndexed(join(written, 'by-order.rec'));
    expect(file.indexPath).toBe(join(written, 'by-order.idx'));
    const all = Array.from({ length: theirs.length }, (_, i) => i);
    expect(listed(await file.getMany(all))).toEqual(theirs);
    for (const i of [0, 1, theirs.length - 1]) expect(listed([await file.get(i)])).toEqual([theirs[i]]);
  });

  test('MXIndexedRecordIO finds records with indexes of recordpipe', async () => {
    const place = folder.file('mx-read');
    mkdirSync(place);
    const payloads = [
      ...records(300, 50),
      MAGIC,
      concat([MAGIC, MAGIC, random.bytes(3)]),
      random.bytes(1_000_000),
    ];
    const path = join(place, 'ours.rec');
    const writer = await openRecordIOWriter(path);
    for (const payload of payloads) await writer.write(payload);
    await writer.close();
    await buildIndex(path, { kind: 'mx', indexPath: join(place, 'ours.idx') });
    const {
      records: found,
      error,
      died,
    } = readWith<Listed & { key: string }>('mxnet', 'mxnet_read.py', place).get('ours.rec')!;
    expect(error ?? died).toBeNull();
    const expected = listed(payloads).map((record, i) => ({ ...record, key: String(i) }));
    expect(found).toEqual(expected);
  });

  /** Files with keys of either type, including integers beyond 2^53. */
  const KEYED = [
    ['by-number', 'integer'],
    ['by-name', 'text'],
    ['by-order', 'integer'],
    ['by-nothing', 'integer'],
  ] as const;

  test('recordpipe gets records by key', async () => {
    for (const [name, keys] of KEYED) {
      const theirs = described<{ keys: string[] }>(written, `${name}.rec`);
      await using file = await openMXIndexedRecordIO(
        join(written, `${name}.idx`),
        join(written, `${name}.rec`),
        { keys },
      );
      expect(file.keys().map(String), name).toEqual(theirs.keys);
      const payloads: Uint8Array[] = [];
      for (const key of file.keys()) payloads.push(await file.get(key));
      expect(listed(payloads), name).toEqual(theirs.records);
    }
  });

  test('keyed files have the same bytes as those of MXIndexedRecordIO, which reads them', async () => {
    const place = folder.file('mx-keys');
    mkdirSync(place);
    for (const [name, keys] of KEYED) {
      const [index, data] = [`${name}.idx`, `${name}.rec`];
      await using file = await openMXIndexedRecordIO(join(written, index), join(written, data), { keys });
      const writer = await openMXIndexedRecordIOWriter(join(place, index), join(place, data), { keys });
      for (const key of file.keys()) await writer.write(key, await file.get(key));
      await writer.close();
      for (const ours of [index, data])
        expect(readFileSync(join(place, ours)).equals(readFileSync(join(written, ours))), ours).toBe(true);
    }
    const readings = readWith<Listed & { key: string }>('mxnet', 'mxnet_read.py', place);
    for (const [name] of KEYED) {
      const { records: found, error, died } = readings.get(`${name}.rec`)!;
      const theirs = described<{ keys: string[] }>(written, `${name}.rec`);
      expect(error ?? died, name).toBeNull();
      expect(found, name).toEqual(theirs.records.map((record, i) => ({ ...record, key: theirs.keys[i] })));
    }
  });
});
