import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  rmSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  crc32c,
  crc32cCombine,
  encodeTFRecord,
  maskCrc32c,
  readTFRecordBatches,
  readTFRecords,
  scanTFRecords,
} from '../../src/index.ts';
import { sha256 } from '../support/golden.ts';
import { where } from '../support/outcome.ts';

const GIB = 2 ** 30;
const ZEROS = 2 ** 30 - 16;
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

const directory = mkdtempSync(join(tmpdir(), 'recordpipe-huge-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

const { bavail, bsize } = statfsSync(directory);
const free = bavail * bsize;

/**
 * Writes a record of zeros: its checksum is combined from halves, and its payload is a hole in the
 * file.
 */
function zeroRecordAt(descriptor: number, position: number, length: number): number {
  const header = encodeTFRecord(new Uint8Array(0)).subarray(0, 12);
  const view = new DataView(header.buffer);
  view.setUint32(0, length, true);
  view.setUint32(8, maskCrc32c(crc32c(header.subarray(0, 8))), true);
  writeSync(descriptor, header, 0, 12, position);
  const footer = new DataView(new ArrayBuffer(4));
  footer.setUint32(0, maskCrc32c(zeroCrc(length)), true);
  writeSync(descriptor, new Uint8Array(footer.buffer), 0, 4, position + 12 + length);
  return position + 16 + length;
}

/** Returns the CRC-32C of `length` zero bytes, computed by doubling. */
function zeroCrc(length: number): number {
  let crc = 0;
  let piece = crc32c(new Uint8Array(1));
  for (let bit = 1, rest = length; rest > 0; bit *= 2) {
    if (rest % 2 === 1) crc = crc32cCombine(crc, piece, bit);
    piece = crc32cCombine(piece, piece, bit);
    rest = Math.floor(rest / 2);
  }
  return crc;
}

/** Runs the built command line. */
function cli(...args: string[]): { status: number | null; json: unknown; text: string } {
  const { status, stdout } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  const json = args.includes('--json') ? (JSON.parse(stdout) as unknown) : undefined;
  return { status, json, text: stdout };
}

describe.skipIf(free < 1 * GIB)('a sparse file of 5 GiB', () => {
  const path = join(directory, 'sparse.tfrecord');
  const tail = Array.from({ length: 300 }, (_, i) => new Uint8Array(1000 + i).fill(i));
  const tailAt = 5 * GIB;
  let size = 0;

  beforeAll(() => {
    const descriptor = openSync(path, 'w');
    let position = 0;
    for (let i = 0; i < 5; i++) position = zeroRecordAt(descriptor, position, ZEROS);
    expect(position).toBe(tailAt);
    for (const payload of tail) {
      const frame = encodeTFRecord(payload);
      writeSync(descriptor, frame, 0, frame.length, position);
      position += frame.length;
    }
    size = position;
    expect(fstatSync(descriptor).blocks * 512).toBeLessThan(GIB);
    closeSync(descriptor);
  });

  afterAll(() => rmSync(path, { force: true }));

  test('is scanned completely in bounded memory', async () => {
    const before = process.memoryUsage().rss;
    const found = await scanTFRecords(path);
    expect(found).toMatchObject({ records: 305, errorCount: 0, bytes: size, compression: 'none' });
    expect(found.payloadBytes).toBe(size - 305 * 16);
    expect(process.memoryUsage().rss - before).toBeLessThan(160 * 2 ** 20);
  });

  test('is read with correct positions and bytes beyond 2^32', async () => {
    const offsets: number[] = [];
    const small: Uint8Array[] = [];
    for await (const batch of readTFRecordBatches(path, { reuse: true })) {
      for (let i = 0; i < batch.length; i++) {
        offsets.push(batch.offset(i));
        expect(batch.firstRecord + i).toBe(offsets.length - 1);
        if (batch.record(i).length < 5000) small.push(batch.record(i).slice());
      }
    }
    const expected = [0, 1, 2, 3, 4].map((i) => i * GIB);
    let at = tailAt;
    for (const payload of tail) {
      expected.push(at);
      at += payload.length + 16;
    }
    expect(offsets).toEqual(expected);
    expect(small.map(sha256)).toEqual(tail.map(sha256));
  });

  test('damage beyond 2^32 is reported at its offset', async () => {
    const frame = 1016 + 150; // Not the first byte of any record.
    const file = await open(path, 'r+');
    const byte = Buffer.alloc(1);
    const position = size - frame;
    await file.read(byte, 0, 1, position);
    byte[0] ^= 1;
    await file.write(byte, 0, 1, position);
    try {
      const scanned = await scanTFRecords(path);
      expect(scanned.errorCount).toBe(1);
      expect(scanned.records).toBe(304);
      let at = tailAt;
      let record = 5;
      for (const payload of tail) {
        if (at + payload.length + 16 > position) break;
        at += payload.length + 16;
        record++;
      }
      const place = { code: 'data-checksum', record, offset: at };
      expect(scanned.errors.map(where)).toEqual([place]);
      expect(at).toBeGreaterThan(2 ** 32);
      await expect(async () => {
        for await (const _ of readTFRecords(path, { reuse: true }));
      }).rejects.toMatchObject(place);
      const recovered = await scanTFRecords(path, { recover: 'scan' });
      expect(recovered.records).toBe(304);
      expect(recovered.errors.map(where)).toEqual([place]);
      if (existsSync(CLI)) {
        const { status, json } = cli('validate', path, '--json');
        expect(status).toBe(1);
        expect(json).toMatchObject({ ok: false, files: [{ records: 304, errors: [place] }] });
      }
    } finally {
      byte[0] ^= 1;
      await file.write(byte, 0, 1, position);
      await file.close();
    }
  });

  test('truncation beyond 2^32 is reported at its offset', async () => {
    const descriptor = openSync(path, 'r+');
    ftruncateSync(descriptor, tailAt + 500);
    const place = { code: 'truncated-record', record: 5, offset: tailAt };
    const scanned = await scanTFRecords(path);
    expect(scanned.errors.map(where)).toEqual([place]);
    expect(scanned.records).toBe(5);
    const frames = Buffer.concat(tail.map((payload) => encodeTFRecord(payload)));
    writeSync(descriptor, frames, 0, frames.length, tailAt);
    closeSync(descriptor);
    expect((await scanTFRecords(path)).errorCount).toBe(0);
  });

  test.skipIf(!existsSync(CLI))('validate and count on the command line', () => {
    const { status, json } = cli('validate', path, '--json');
    expect(status).toBe(0);
    expect(json).toMatchObject({ ok: true, files: [{ records: 305, bytes: size, errors: [] }] });
    expect(cli('count', path, '--json').json).toMatchObject({ files: [{ records: 305 }], records: 305 });
  });

  test.skipIf(!existsSync(CLI))('validate reports a record of 4 GiB as too large', () => {
    const descriptor = openSync(join(directory, 'big.tfrecord'), 'w');
    zeroRecordAt(descriptor, 0, 2 ** 32 - 64);
    closeSync(descriptor);
    const { status, json } = cli('validate', join(directory, 'big.tfrecord'), '--json');
    expect(status).toBe(1);
    expect(json).toMatchObject({
      files: [{ records: 0, errors: [{ code: 'record-too-large', record: 0, offset: 0 }] }],
    });
  });

  test('a record of nearly 4 GiB is validated without buffering it if the limit allows it', async () => {
    const big = join(directory, 'big.tfrecord');
    const descriptor = openSync(big, 'w');
    const end = zeroRecordAt(descriptor, 0, 2 ** 32 - 64);
    zeroRecordAt(descriptor, end, 10);
    closeSync(descriptor);
    const before = process.memoryUsage().rss;
    const found = await scanTFRecords(big, { maxRecordBytes: 2 ** 32 - 64 });
    expect(found).toMatchObject({ records: 2, errorCount: 0, payloadBytes: 2 ** 32 - 54 });
    expect(process.memoryUsage().rss - before).toBeLessThan(160 * 2 ** 20);
    rmSync(big);
  });
});

describe.skipIf(free < 12 * GIB)('a generated file of more than 4 GiB', () => {
  const path = join(directory, 'generated.tfrecord');
  const block = Buffer.concat(
    Array.from({ length: 1000 }, (_, i) => {
      const payload = new Uint8Array(10_000 + i);
      for (let j = 0; j < payload.length; j += 4) payload[j] = (i * 31 + j) >>> 3;
      return encodeTFRecord(payload);
    }),
  );
  const blocks = Math.ceil((4.3 * GIB) / block.length);

  beforeAll(() => {
    const descriptor = openSync(path, 'w');
    for (let i = 0; i < blocks; i++) writeSync(descriptor, block);
    closeSync(descriptor);
  });

  afterAll(() => rmSync(path, { force: true }));

  test('is scanned, read, and counted', async () => {
    const found = await scanTFRecords(path);
    expect(found).toMatchObject({ records: 1000 * blocks, errorCount: 0, bytes: blocks * block.length });
    let records = 0;
    let next = 0;
    for await (const batch of readTFRecordBatches(path, { reuse: true })) {
      expect(batch.firstRecord).toBe(records);
      expect(batch.offset(0)).toBe(next);
      for (let i = 0; i < batch.length; i++) {
        const length = 10_000 + (records % 1000);
        if (batch.index[2 * i + 1] !== length || batch.offset(i) !== next) expect(batch.offset(i)).toBe(next);
        records++;
        next += length + 16;
      }
    }
    expect(records).toBe(1000 * blocks);
    expect(next).toBe(blocks * block.length);
    if (existsSync(CLI)) {
      const out = execFileSync(process.execPath, [CLI, 'count', path, '--json'], { encoding: 'utf8' });
      expect(JSON.parse(out)).toMatchObject({ records: 1000 * blocks });
    }
  });
});
