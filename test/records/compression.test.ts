import { deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  decodeTFRecords,
  detectCompression,
  readTFRecords,
  type TFRecordReadOptions,
} from '../../src/index.ts';
import { concat, oracleFile, oracleFrame } from '../support/oracle-tfrecord.ts';
import { decodeAll, type Outcome, readAll, scan, where } from '../support/outcome.ts';
import { Random } from '../support/random.ts';
import { DOES_ALL_RUNS, randomRuns, someInTurn } from '../support/random-runs.ts';
import { rechunk } from '../support/rechunk.ts';
import { FILE, flipped, gzipMembers, OFFSETS, PAYLOADS } from '../support/samples.ts';

type Options = Partial<TFRecordReadOptions>;

let turn = 0;
/** Minimum number of bytes between the truncations of a stream. */
const STEP = DOES_ALL_RUNS ? 1 : 30;

async function outcomeOf(bytes: Uint8Array, options: Options = {}): Promise<Outcome> {
  const outcome = decodeAll(bytes, options);
  const chunked = someInTurn([63, 1, 63, 7], turn++).map((size) => [...rechunk(bytes, size)]);
  for (const source of [bytes, ...chunked]) {
    const other = await readAll(source, options);
    expect(where(other.error)).toEqual(where(outcome.error));
    expect(other.offsets).toEqual(outcome.offsets);
    expect(other.payloads).toEqual(outcome.payloads);
    const found = await scan(source, options);
    expect(where(found.errors[0])).toEqual(where(outcome.error));
    // A scan continues after a corrupt payload.
    if (outcome.error?.code !== 'data-checksum') expect(found.records).toBe(outcome.payloads.length);
  }
  return outcome;
}

async function all(bytes: Uint8Array, options: Options = {}): Promise<void> {
  const { payloads, offsets, error } = await outcomeOf(bytes, options);
  expect(error).toBeUndefined();
  expect(payloads).toEqual(PAYLOADS);
  expect(offsets).toEqual(OFFSETS.slice(0, -1));
}

/** Expects all six records, followed by this error. */
async function allThen(code: string, bytes: Uint8Array, options: Options = {}): Promise<void> {
  const { payloads, error } = await outcomeOf(bytes, options);
  expect(payloads).toEqual(PAYLOADS);
  expect(where(error)).toEqual({ code, record: 6, offset: FILE.length });
  expect(error?.compressed).toBe(true);
  expect(error?.message).toContain('uncompressed byte');
}

describe('an empty file has no records', () => {
  test.each(['auto', 'none', 'gzip', 'zlib'] as const)('%s', async (compression) => {
    for (const options of [{ compression }, { compression, onTruncated: 'stop' } as const]) {
      expect(await outcomeOf(new Uint8Array(0), options)).toEqual({
        payloads: [],
        offsets: [],
        error: undefined,
      });
    }
  });

  test('a compressed empty file has no records either', async () => {
    for (const bytes of [gzipSync(''), deflateSync(''), gzipMembers(new Uint8Array(0), [0, 0])]) {
      expect(await outcomeOf(bytes)).toEqual({ payloads: [], offsets: [], error: undefined });
    }
  });
});

describe('gzip', () => {
  test('one member, detected from the content', async () => {
    await all(gzipSync(FILE));
    expect(detectCompression(gzipSync(FILE))).toBe('gzip');
    for (const level of [0, 1, 9]) await all(gzipSync(FILE, { level }));
  });

  test('members split anywhere', async () => {
    const cuts = [0, 1, 5, 12, 13, OFFSETS[1], OFFSETS[3] + 100, FILE.length - 1, FILE.length];
    await all(gzipMembers(FILE, cuts));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(FILE.length), { maxLength: 6 }), async (places) => {
        const bytes = gzipMembers(
          FILE,
          places.sort((a, b) => a - b),
        );
        for (const outcome of [
          decodeAll(bytes),
          await readAll(bytes),
          await readAll([...rechunk(bytes, 3)]),
        ]) {
          expect(outcome.error).toBeUndefined();
          expect(outcome.payloads).toEqual(PAYLOADS);
        }
      }),
      { numRuns: randomRuns(60) },
    );
  });

  test('a header with a name, a comment, extra bytes and its own checksum', async () => {
    const body = gzipSync(FILE).subarray(10);
    const header = [0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3];
    const extra = [5, 0, 1, 2, 3, 4, 5];
    const texts = [...Buffer.from('name\0comment\0')];
    await all(concat([Uint8Array.from([...header, ...extra, ...texts, 0xaa, 0xbb]), body]));
  });

  test('zero padding after the last member, and between members', async () => {
    for (const count of [1, 7, 600]) await all(concat([gzipSync(FILE), new Uint8Array(count)]));
    const half = OFFSETS[3];
    await all(
      concat([
        gzipSync(FILE.subarray(0, half)),
        new Uint8Array(9),
        gzipSync(FILE.subarray(half)),
        new Uint8Array(2),
      ]),
    );
  });

  test.each(['x', 'something else', '\x1fx', '\0\0\0x'])('garbage after it: %o', async (text) => {
    await allThen('trailing-garbage', concat([gzipSync(FILE), Buffer.from(text, 'latin1')]));
    await allThen('trailing-garbage', concat([gzipSync(FILE), Buffer.from(text, 'latin1')]), {
      compat: 'tf',
    });
  });

  test('a second member that is truncated inside its header', async () => {
    await allThen('truncated-compressed-stream', concat([gzipSync(FILE), gzipSync('').subarray(0, 2)]));
    await allThen('truncated-compressed-stream', concat([gzipSync(FILE), gzipSync('').subarray(0, 2)]), {
      onTruncated: 'stop',
    });
    await all(concat([gzipSync(FILE), gzipSync('').subarray(0, 2)]), { compat: 'tf' });
  });

  test.each([1, 4, 7, 8])('a trailer that lacks %i bytes', async (missing) => {
    const cut = gzipSync(FILE).subarray(0, -missing);
    await allThen('truncated-compressed-stream', cut);
    await all(cut, { onTruncated: 'stop' });
    await all(cut, { compat: 'tf' });
  });

  test.each([
    ['checksum', -8],
    ['size', -1],
  ])('an incorrect %s in the trailer', async (_, at) => {
    const bytes = gzipSync(FILE);
    await allThen('corrupt-compressed-stream', flipped(bytes, bytes.length + at));
    await allThen('corrupt-compressed-stream', flipped(bytes, bytes.length + at), { onTruncated: 'stop' });
  });

  test('a stream truncated anywhere delivers the records before the end, then an error', async () => {
    const bytes = gzipSync(FILE);
    for (let end = 1; end < bytes.length; end += STEP + (end % 101)) {
      const { payloads, error } = await outcomeOf(bytes.subarray(0, end), { compression: 'gzip' });
      expect(payloads).toEqual(PAYLOADS.slice(0, payloads.length));
      expect(where(error)).toEqual({
        code: 'truncated-compressed-stream',
        record: payloads.length,
        offset: OFFSETS[payloads.length],
      });
    }
  });

  test('a truncation inside a payload is an error even if truncation is accepted', async () => {
    const bytes = gzipSync(FILE, { level: 0 });
    const cut = bytes.subarray(0, 10 + 5 + OFFSETS[3] + 50);
    const stopped = await outcomeOf(cut, { onTruncated: 'stop' });
    expect(where(stopped.error)).toEqual({
      code: 'truncated-compressed-stream',
      record: 3,
      offset: OFFSETS[3],
    });
    const asTensorFlow = await outcomeOf(cut, { compat: 'tf' });
    expect(where(asTensorFlow.error)).toEqual({ code: 'truncated-record', record: 3, offset: OFFSETS[3] });
  });

  test('a truncation at a record boundary is an error; TensorFlow treats it as the end', async () => {
    const cut = gzipSync(FILE, { level: 0 }).subarray(0, 10 + 5 + OFFSETS[3]);
    const stopped = await outcomeOf(cut, { onTruncated: 'stop' });
    expect(where(stopped.error)).toEqual({
      code: 'truncated-compressed-stream',
      record: 3,
      offset: OFFSETS[3],
    });
    const asTensorFlow = await outcomeOf(cut, { compat: 'tf' });
    expect(asTensorFlow.payloads.length).toBe(3);
    expect(asTensorFlow.error).toBeUndefined();
  });
});

describe('zlib', () => {
  test('one stream, detected from the content, at every level', async () => {
    for (const level of [0, 1, 6, 9]) await all(deflateSync(FILE, { level }));
    for (const windowBits of [9, 12, 15]) await all(deflateSync(FILE, { windowBits }));
  });

  test('concatenated streams, in any chunks', async () => {
    const at = OFFSETS[3] + 7;
    const bytes = concat([deflateSync(FILE.subarray(0, at)), deflateSync(FILE.subarray(at))]);
    await all(bytes);
    for (const options of [{ zlibConcat: false }, { compat: 'tf' }] as const) {
      const { payloads, error } = await outcomeOf(bytes, options);
      expect(payloads).toEqual(PAYLOADS.slice(0, 3));
      expect(error?.code).toBe(
        options === undefined ? undefined : 'compat' in options ? undefined : 'truncated-header',
      );
    }
  });

  test('zlibConcat: false reads only the first stream', async () => {
    const bytes = concat([deflateSync(FILE), deflateSync(FILE)]);
    expect((await outcomeOf(bytes)).payloads.length).toBe(12);
    expect((await outcomeOf(bytes, { zlibConcat: false })).payloads.length).toBe(6);
    expect((await outcomeOf(bytes, { compat: 'tf' })).payloads.length).toBe(6);
  });

  test('subsequent bytes that are not a zlib stream are ignored', async () => {
    for (const text of ['x', '\0\0\0\0', 'garbage'])
      await all(concat([deflateSync(FILE), Buffer.from(text)]));
  });

  test('a stream truncated anywhere delivers the records before the end, then an error', async () => {
    const bytes = deflateSync(FILE);
    for (let end = 2; end < bytes.length; end += 1 + (end % 103)) {
      const { payloads, error } = await outcomeOf(bytes.subarray(0, end), { compression: 'zlib' });
      expect(payloads).toEqual(PAYLOADS.slice(0, payloads.length));
      expect(error).toMatchObject({ code: 'truncated-compressed-stream', record: payloads.length });
    }
  });

  test('raw deflate is not a zlib stream', async () => {
    const { error } = await outcomeOf(deflateRawSync(FILE), { compression: 'zlib' });
    expect(error?.code).toBe('corrupt-compressed-stream');
  });
});

describe('damage inside the compressed stream: all complete records before it, then the error', () => {
  const random = new Random(5);
  const many = oracleFile(Array.from({ length: 24 }, () => random.bytes(random.below(300))));
  test.each([
    ['gzip', gzipSync(many)],
    ['gzip, stored', gzipSync(many, { level: 0 })],
    ['zlib', deflateSync(many)],
  ])('%s', async (_, bytes) => {
    for (let at = 40; at < bytes.length - 8; at += 1311) {
      const bad = concat([bytes.subarray(0, at), new Uint8Array(64).fill(0xff), bytes.subarray(at + 64)]);
      await outcomeOf(bad);
    }
  });

  test('an incorrect Adler-32 at the end of a zlib stream', async () => {
    const bytes = deflateSync(FILE);
    await allThen('corrupt-compressed-stream', flipped(bytes, bytes.length - 1));
  });
});

describe('detection', () => {
  test('a valid first header means no compression', async () => {
    // A payload of 0x088b1f bytes, whose length field is the magic number of gzip.
    const frame = oracleFrame(new Uint8Array(0x088b1f));
    expect(detectCompression(frame)).toBe('none');
    expect((await readAll(frame)).payloads.length).toBe(1);
    const zlibLike = oracleFrame(new Uint8Array(0x9c78));
    expect(detectCompression(zlibLike)).toBe('none');
    expect([...decodeTFRecords(zlibLike)].length).toBe(1);
  });

  test.each([0, 1, 2, 3, 11])('of %i bytes', (count) => {
    expect(detectCompression(FILE.subarray(0, count))).toBe('none');
    expect(detectCompression(gzipSync(FILE).subarray(0, count))).toBe(count >= 3 ? 'gzip' : 'none');
    expect(detectCompression(deflateSync(FILE).subarray(0, count))).toBe(count >= 2 ? 'zlib' : 'none');
  });

  test('a gzip file of gzip: its content is not inflated again', async () => {
    expect((await outcomeOf(gzipSync(gzipSync(FILE)))).error).toMatchObject({
      code: 'length-checksum',
      record: 0,
    });
  });
});

test('a small compressed file with huge contents is read in constant memory', async () => {
  const zeros = new Uint8Array(1 << 20);
  const one = oracleFrame(zeros.subarray(0, 1 << 16));
  const bytes = gzipSync(concat(Array.from({ length: 400 }, () => one)));
  expect(bytes.length).toBeLessThan(1 << 20);
  let count = 0;
  for await (const record of readTFRecords([bytes])) count += record.length === 1 << 16 ? 1 : 0;
  expect(count).toBe(400);
});
