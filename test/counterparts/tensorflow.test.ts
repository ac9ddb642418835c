import { createReadStream, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createDeflate, createGzip, deflateSync, gzipSync, unzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { type Compression, tfrecordDecoderStream, tfrecordEncoderStream } from '../../src/index.ts';
import {
  createTFRecordDecoder,
  createTFRecordEncoder,
  openTFRecordShards,
  openTFRecordWriter,
} from '../../src/records/write/index.ts';
import { damaged, randomDamage } from '../support/corrupt.ts';
import { fixture, goldenFiles } from '../support/golden.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { decodeAll, type Outcome, readAll, readEach, scan } from '../support/outcome.ts';
import { Random } from '../support/random.ts';
import { webStream } from '../support/rechunk.ts';
import { tempDir } from '../support/temp-dir.ts';
import { CORNER_RECORDS, CORNERS, DIFFERENCES } from './corners.ts';
import { described, listed, missingCounterpart, type Reading, readWith, runPython } from './counterpart.ts';

const missing = missingCounterpart('tensorflow');
const folder = tempDir();
const SEED = 20_260;
const DAMAGES = 300;
const COMPRESSIONS: Compression[] = ['none', 'gzip', 'zlib'];
const SUFFIX = { none: '.tfrecord', gzip: '.gz.tfrecord', zlib: '.zlib.tfrecord' };

function compressionOf(name: string): Compression {
  return COMPRESSIONS.findLast((compression) => name.endsWith(SUFFIX[compression]))!;
}

function makeFolder(name: string): string {
  const path = folder.file(name);
  mkdirSync(path);
  return path;
}

describe.skipIf(missing !== undefined)('recordpipe reads files of TensorFlow', () => {
  let written: string;
  let names: string[];
  beforeAll(() => {
    written = folder.file('written');
    names = runPython('tensorflow', 'tensorflow_write.py', written, String(SEED));
  });

  /** Checks every file with one reading method. */
  async function each(
    read: (path: string, compression: Compression) => Promise<Uint8Array[]>,
  ): Promise<void> {
    expect(names.length).toBeGreaterThanOrEqual(20);
    for (const name of names) {
      const path = join(written, name);
      const { records } = described(written, name);
      expect(listed(await read(path, compressionOf(name))), name).toEqual(records);
    }
  }

  function whole({ payloads, error }: Pick<Outcome, 'payloads' | 'error'>): Uint8Array[] {
    expect(error).toBeUndefined();
    return payloads;
  }

  test('path, compression detected', () => each(async (path) => whole(await readAll(path))));
  test('path, compression given', () =>
    each(async (path, compression) => whole(await readAll(path, { compression }))));
  test('compat: tf', () => each(async (path) => whole(await readAll(path, { compat: 'tf' })).slice()));
  test('record by record', () => each(async (path) => whole(await readEach(path))));
  test('with reuse', () =>
    each(async (path) => whole(await readAll(path, { reuse: true, chunkBytes: 65_536 }))));
  test('bytes in memory', () => each(async (path) => whole(decodeAll(readFileSync(path)))));
  test('Blob', () => each(async (path) => whole(await readAll(new Blob([readFileSync(path)])))));
  test('descriptor', () =>
    each(async (path) => {
      const handle = await open(path);
      const outcome = await readAll(handle.fd);
      await handle.close();
      return whole(outcome);
    }));
  test('Node streams', () =>
    each(async (path) => {
      const records: Uint8Array[] = [];
      for await (const record of createReadStream(path).pipe(createTFRecordDecoder())) records.push(record);
      return records;
    }));
  test('web streams', () =>
    each(async (path) => {
      const records: Uint8Array[] = [];
      const stream = new Blob([readFileSync(path)]).stream().pipeThrough(tfrecordDecoderStream());
      for await (const record of stream) records.push(record);
      return records;
    }));
  test('scan', async () => {
    for (const name of names) {
      const { records } = described(written, name);
      const found = await scan(join(written, name));
      expect(found, name).toMatchObject({
        records: records.length,
        payloadBytes: records.reduce((sum, { length }) => sum + length, 0),
        compression: compressionOf(name),
        errorCount: 0,
      });
    }
  });

  test('recordpipe writes the same files: the same bytes uncompressed, the same header and contents compressed', async () => {
    const same: string[] = [];
    const others: string[] = [];
    for (const name of names.filter((file) => !file.startsWith('joined'))) {
      const path = join(written, name);
      const compression = compressionOf(name);
      const payloads = whole(await readAll(path));
      const ours = folder.file('ours');
      const writer = await openTFRecordWriter(ours, { compression, overwrite: true });
      for (const payload of payloads) await writer.write(payload);
      await writer.close();
      const bytes = readFileSync(ours);
      const theirs = readFileSync(path);
      (bytes.equals(theirs) ? same : others).push(name);
      if (compression === 'none') expect(bytes.equals(theirs), name).toBe(true);
      else expect(unzipSync(bytes).equals(unzipSync(theirs)), name).toBe(true);
      const header = { none: 0, gzip: 10, zlib: 2 }[compression];
      expect(bytes.subarray(0, header).equals(theirs.subarray(0, header)), name).toBe(true);
    }
    // Two builds of zlib may find different matches.
    console.log(
      `the same bytes as TensorFlow's: ${same.join(' ')}; inflating to the same: ${others.join(' ')}`,
    );
  });
});

describe.skipIf(missing !== undefined)('TensorFlow reads files of recordpipe', () => {
  const random = new Random(SEED);
  const all = [0, 1, 11, 12, 13, 100, 4080, 4096, 65_536, 0, 262_144, 1_048_577, 7]
    .concat(Array.from({ length: 500 }, () => random.below(300)))
    .map((length) => patterned(length, random.below(256)));
  /** Files that together contain all records, in order. */
  const ours: { readonly name: string; readonly paths: string[] }[] = [];
  const damages: string[] = [];
  let place: string;
  let readings: Map<string, Reading>;

  beforeAll(async () => {
    place = makeFolder('read');
    for (const compression of COMPRESSIONS) await writeOurs(compression);
    for (const { name, bytes, compression } of goldenFiles()) put(`golden-${name}`, compression, bytes);
    for (const [name, bytes] of Object.entries(CORNERS)) writeFileSync(join(place, `corner-${name}`), bytes);
    putDamages();
    readings = readWith('tensorflow', 'tensorflow_read.py', place);
  });

  function put(name: string, compression: Compression, bytes: Uint8Array): void {
    writeFileSync(join(place, name + SUFFIX[compression]), bytes);
    damages.push(name + SUFFIX[compression]);
  }

  function putDamages(): void {
    const damage = new Random(SEED + 1);
    const plain = fixture('tfrecord-base-for-damage.bin');
    const small = fixture('tfrecord-many-small.bin').subarray(0, 20_000);
    const bases = [plain, small].flatMap((bytes) => [
      { compression: 'none' as const, bytes },
      { compression: 'gzip' as const, bytes: new Uint8Array(gzipSync(bytes)) },
      {
        compression: 'gzip' as const,
        bytes: concat([gzipSync(bytes.subarray(0, 999)), gzipSync(bytes.subarray(999))]),
      },
      { compression: 'zlib' as const, bytes: new Uint8Array(deflateSync(bytes)) },
    ]);
    for (let i = 0; i < DAMAGES; i++) {
      const { compression, bytes } = bases[i % bases.length];
      put(`damage-${i}`, compression, damaged(bytes, randomDamage(damage, bytes.length)));
    }
  }

  async function writeOurs(compression: Compression): Promise<void> {
    const suffix = SUFFIX[compression];
    const note = (name: string, paths: string[]): void =>
      void ours.push({ name: `${compression} ${name}`, paths });
    for (const bufferBytes of [4096, 1_048_576]) {
      const path = join(place, `ours-${bufferBytes}${suffix}`);
      const writer = await openTFRecordWriter(path, { compression, bufferBytes });
      for (const [i, payload] of all.entries()) {
        const taken = writer.write(payload);
        if (i % 2 === 0) await taken;
        if (i % 100 === 0) await writer.flush();
      }
      await writer.close();
      note(`buffers of ${bufferBytes}`, [path]);
    }

    const shards = openTFRecordShards(join(place, 'shard'), { compression, suffix, maxShardBytes: 200_000 });
    for (const payload of all) await shards.write(payload);
    note(
      'shards',
      (await shards.close()).map(({ path }) => path),
    );

    if (compression !== 'zlib') {
      const path = join(place, `appended${suffix}`);
      for (const from of [0, 100, 300]) {
        const writer = await openTFRecordWriter(path, { compression, append: true });
        for (const payload of all.slice(from, { 0: 100, 100: 300, 300: all.length }[from]))
          await writer.write(payload);
        await writer.close();
      }
      note('appended', [path]);
    }

    const node = join(place, `node-stream${suffix}`);
    const compress = { none: [], gzip: [createGzip()], zlib: [createDeflate()] }[compression];
    const handle = await open(node, 'w');
    await pipeline([Readable.from(all), createTFRecordEncoder(), ...compress, handle.createWriteStream()]);
    note('Node stream', [node]);

    const web = join(place, `web-stream${suffix}`);
    const encoded = webStream(all).pipeThrough(tfrecordEncoderStream());
    const packed = { none: undefined, gzip: 'gzip', zlib: 'deflate' } as const;
    const format = packed[compression];
    const stream = format ? encoded.pipeThrough(new CompressionStream(format) as TransformStream) : encoded;
    writeFileSync(web, new Uint8Array(await new Response(stream).arrayBuffer()));
    note('web stream', [web]);
  }

  function reading(path: string): Reading {
    const found = readings.get(path.slice(path.lastIndexOf('/') + 1));
    if (found === undefined) throw new Error(`TensorFlow said nothing of ${path}`);
    return found;
  }

  test('files of every writer', () => {
    expect(ours.length).toBe(3 * 5 + 2);
    for (const { name, paths } of ours) {
      const found = paths.map(reading);
      expect(
        found.map(({ error, died }) => error ?? died),
        name,
      ).toEqual(paths.map(() => null));
      expect(
        found.flatMap(({ records }) => records),
        name,
      ).toEqual(listed(all));
    }
    expect(ours.find(({ name }) => name === 'none shards')!.paths.length).toBeGreaterThan(3);
  });

  /**
   * Reports whether recordpipe intentionally accepts a file: one with zero padding after gzip, or
   * with data after an empty gzip member.
   */
  function isAccepted(name: string, bytes: Uint8Array): boolean {
    if (name.startsWith('corner-')) return DIFFERENCES[name.slice('corner-'.length)]?.rejected === false;
    return compressionOf(name) === 'gzip' && bytes.at(-1) === 0;
  }

  test('recordpipe rejects the damaged files that TensorFlow rejects, after the same records', async () => {
    let rejected = 0;
    let more = 0;
    expect(damages.length).toBeGreaterThanOrEqual(DAMAGES + 20);
    const corners = Object.keys(CORNERS).map((name) => `corner-${name}`);
    for (const name of [...damages, ...corners]) {
      const theirs = reading(name);
      const bytes = new Uint8Array(readFileSync(join(place, name)));
      // By default, recordpipe may detect compression where TensorFlow is configured for none.
      const actual = compressionOf(name);
      for (const compression of name.startsWith('corner-') ? [actual] : (['auto', actual] as const)) {
        const { payloads: records, error } = await readAll(join(place, name), { compression });
        const delivered = listed(records);
        expect(delivered.slice(0, theirs.records.length), `${name} ${compression}`).toEqual(theirs.records);
        if (theirs.error === null && theirs.died === null) continue;
        rejected++;
        if (delivered.length > theirs.records.length) more++;
        if (error === undefined && isAccepted(name, bytes)) continue;
        expect(error, `${name} ${compression}: ${theirs.error?.message ?? theirs.died}`).toBeDefined();
      }
    }
    expect(rejected).toBeGreaterThan(DAMAGES / 2);
    console.log(
      `${damages.length} damaged files, ${rejected} readings rejected; of ${more} we deliver more before that`,
    );
  });

  test('compat: tf treats damaged uncompressed files exactly as TensorFlow does', async () => {
    for (const name of damages.filter((file) => compressionOf(file) === 'none')) {
      const theirs = reading(name);
      const { payloads: records, error } = await readAll(join(place, name), {
        compression: 'none',
        compat: 'tf',
      });
      expect(listed(records), name).toEqual(theirs.records);
      expect(error !== undefined, `${name}: ${error?.message}`).toBe(
        theirs.error !== null || theirs.died !== null,
      );
    }
  });

  test('compat: tf in corner cases', async () => {
    for (const name of Object.keys(CORNERS)) {
      const theirs = reading(`corner-${name}`);
      const source = join(place, `corner-${name}`);
      const { payloads, error } = await readAll(source, { compression: compressionOf(name), compat: 'tf' });
      const difference = DIFFERENCES[name];
      const rejected = theirs.error !== null || theirs.died !== null;
      const why = `${name}: TensorFlow ${theirs.error?.message ?? theirs.died}, we ${error?.message}`;
      if (difference === undefined) {
        expect(listed(payloads), why).toEqual(theirs.records);
        expect(error !== undefined, why).toBe(rejected);
      } else {
        expect(payloads.length, why).toBe(CORNER_RECORDS);
        expect(error !== undefined, why).toBe(difference.rejected);
        // If this fails, TensorFlow has changed, and the difference no longer exists.
        expect(theirs.records.length < CORNER_RECORDS || rejected, why).toBe(true);
      }
    }
  });
});

/** Returns bytes that are determined by a seed and cheap to generate. */
function patterned(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * (seed | 1) + (i >> 8) * seed) & 255);
}
