import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { decodeRecordIO, decodeRecordIOBatches, type RecordIOReadOptions } from '../../src/index.ts';
import { MAGIC, oracleFileRecordIO, oracleFrameRecordIO, oraclePart } from '../support/oracle-recordio.ts';
import { concat, oracleFrame } from '../support/oracle-tfrecord.ts';
import { where } from '../support/outcome.ts';
import { rechunk } from '../support/rechunk.ts';
import { recordIOWays } from '../support/ways.ts';

const { decodeAll, readAll, readEach, scan } = recordIOWays;
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const text = (from: string): Uint8Array => new TextEncoder().encode(from);
const texts = (payloads: readonly Uint8Array[]): string[] =>
  payloads.map((payload) => Buffer.from(payload).toString('latin1'));

describe('multipart', () => {
  const parts = [oraclePart(text('abcd'), 1), oraclePart(text('efgh'), 2), oraclePart(text('i'), 3)];
  const file = concat([...parts, oraclePart(text('jk'), 0)]);
  const magic = Buffer.from(MAGIC).toString('latin1');

  test.each([
    ['dmlc', [`abcd${magic}efgh${magic}i`, 'jk']],
    ['concat', ['abcdefghi', 'jk']],
  ] as const)('%s', async (multipart, expected) => {
    expect(texts(decodeAll(file, { multipart }).payloads)).toEqual(expected);
    expect((await scan(file, { multipart })).payloadBytes).toBe(expected.join('').length);
  });

  test('error', () => {
    const { error, payloads } = decodeAll(file, { multipart: 'error' });
    expect(where(error)).toEqual({ code: 'unexpected-part', record: 0, offset: 0 });
    expect(error?.message).toContain("multipart: 'dmlc' or 'concat'");
    expect(payloads).toEqual([]);
  });

  test('a part that dmlc cannot write is an error that names the next step', () => {
    const other = concat([
      oraclePart(text('good'), 0),
      oraclePart(text('abcde'), 1),
      oraclePart(text('f'), 3),
    ]);
    const { error, payloads } = decodeAll(other);
    expect(texts(payloads)).toEqual(['good']);
    expect(where(error)).toEqual({ code: 'ambiguous-multipart', record: 1, offset: 12 });
    expect(error?.message).toContain("multipart: 'concat'");
    expect(texts(decodeAll(other, { multipart: 'concat' }).payloads)).toEqual(['good', 'abcdef']);
    // This also applies if it is not the first part, but never to the last part.
    const later = concat([oraclePart(text('abcd'), 1), oraclePart(text('efg'), 2), oraclePart(text('h'), 3)]);
    expect(decodeAll(later).error?.message).toContain('in part 2 of the record, at byte 12');
  });

  test('empty parts', () => {
    const empty = concat([oraclePart(bytes(), 1), oraclePart(bytes(), 2), oraclePart(bytes(), 3)]);
    expect(decodeAll(empty).payloads).toEqual([concat([MAGIC, MAGIC])]);
    expect(decodeAll(empty, { multipart: 'concat' }).payloads).toEqual([bytes()]);
  });
});

describe('the order of parts', () => {
  const sequences: readonly (readonly [
    flags: readonly number[],
    record: number,
    lenient: readonly string[],
  ])[] = [
    [[2], 0, []],
    [[3], 0, ['a']],
    [[0, 3], 1, ['a', 'b']],
    [[1, 1, 3], 0, ['abc']],
    [[1, 0], 0, ['ab']],
    [[1, 2, 0], 0, ['abc']],
    [[0, 4, 0], 1, ['a', 'bc']],
    [[0, 5, 3], 1, ['a', 'bc']],
    [[7, 3, 0], 0, ['ab', 'c']],
    [[1, 6, 3], 0, ['abc']],
  ];

  test.each(sequences)('%j', async (flags, record, lenient) => {
    const file = concat(flags.map((flag, i) => oraclePart(text('abc'.charAt(i)), flag)));
    const options = { multipart: 'concat' } as const;
    const place = { code: 'unexpected-part', record, offset: record * 12 };
    for (const size of [1, 5, 1000]) {
      const { error } = await readAll(rechunk(file, size), { ...options, compression: 'none' });
      expect(where(error)).toEqual(place);
    }
    expect((await scan(file, options)).errors.map(where)).toEqual([place]);
    const found = decodeAll(file, { ...options, lenientFlags: true });
    expect(texts(found.payloads)).toEqual(lenient);
    // As in dmlc, a record remains open until a whole or a last part.
    expect(found.error?.code).toBe(flags[0] === 2 ? 'truncated-record' : undefined);
  });
});

describe('padding', () => {
  const whole = oracleFileRecordIO([text('abcde'), text('f')]);

  test.each([1, 2, 3])(
    '%i bytes of the last padding are missing: a warning, or an error if strict',
    async (cut) => {
      const file = whole.subarray(0, whole.length - cut);
      for (const source of [[file], [...rechunk(file, 1)], [...rechunk(file, 7)]]) {
        const { payloads, error, stats } = await readEach(source);
        expect(error).toBeUndefined();
        expect(texts(payloads)).toEqual(['abcde', 'f']);
        expect(stats).toMatchObject({ records: 2, payloadBytes: 6, warnings: 1 });
        const place = { code: 'missing-padding', record: 1, offset: 16 };
        const strict = await readAll(source, { strictPadding: true });
        expect(where(strict.error)).toEqual(place);
        expect(texts(strict.payloads)).toEqual(['abcde']);
        const found = await scan(source);
        expect(found.errors.map(where)).toEqual([place]);
        expect(found.errors[0].message).toContain(`has ${3 - cut} of 3 bytes of padding`);
        expect(await scan(source, { strictPadding: false })).toMatchObject({ records: 2, errorCount: 0 });
      }
      expect((await readEach([whole])).stats.warnings).toBe(0);
    },
  );

  test('this also applies to the last of several parts, but not to the others', async () => {
    const parts = concat([oraclePart(text('ab'), 1), oraclePart(text('c'), 3)]);
    const options = { multipart: 'concat' } as const;
    const found = await readEach([parts.subarray(0, -2)], options);
    expect(texts(found.payloads)).toEqual(['abc']);
    expect(found.stats.warnings).toBe(1);
    const first = decodeAll(parts.subarray(0, 11), options);
    expect(where(first.error)).toEqual({ code: 'truncated-record', record: 0, offset: 0 });
  });

  test('padding that is not zero is read, and is a finding of scans, which continue', async () => {
    const file = Uint8Array.from(whole);
    file[14] = 0x20;
    expect(texts(decodeAll(file).payloads)).toEqual(['abcde', 'f']);
    expect(where(decodeAll(file, { strictPadding: true }).error)).toEqual({
      code: 'missing-padding',
      record: 0,
      offset: 0,
    });
    for (const size of [1, 5, 100]) {
      const found = await scan([...rechunk(file, size)]);
      expect(found.errors.map(where)).toEqual([{ code: 'missing-padding', record: 0, offset: 0 }]);
      expect(found).toMatchObject({ records: 1, payloadBytes: 1 });
    }
  });
});

describe('bytes after the last record', () => {
  const file = oracleFileRecordIO([text('abcde'), text('f')]);

  test.each([1, 4, 8, 13, 4096])('%i zero bytes', async (count) => {
    const padded = concat([file, new Uint8Array(count)]);
    const strict = decodeAll(padded);
    expect(where(strict.error)).toEqual({
      code: count < 8 ? 'truncated-header' : 'bad-magic',
      record: 2,
      offset: 28,
    });
    if (count >= 8) expect(strict.error?.message).toContain("trailing: 'zeros-ok'");
    for (const size of [1, 7, 5000]) {
      const { error, stats } = await readEach(rechunk(padded, size), { trailing: 'zeros-ok' });
      expect(error).toBeUndefined();
      expect(stats).toMatchObject({ records: 2, trailingBytes: count });
    }
    expect(await scan(padded, { trailing: 'zeros-ok' })).toMatchObject({
      trailingBytes: count,
      errorCount: 0,
    });
    const late = concat([padded, bytes(1), new Uint8Array(8)]);
    expect(decodeAll(late, { trailing: 'zeros-ok' }).error?.code).toBe('bad-magic');
    const { stats } = await readEach(late, { trailing: 'zeros-ok', recover: 'scan' });
    expect(stats).toMatchObject({ records: 2, corrupted: 1, trailingBytes: 0, skippedBytes: count + 9 });
  });

  test('ignore accepts anything, except in place of the first record', async () => {
    const tail = concat([file, text('what is this?')]);
    expect(decodeAll(tail).error?.code).toBe('bad-magic');
    const { payloads, stats } = await readEach([tail], { trailing: 'ignore' });
    expect(texts(payloads)).toEqual(['abcde', 'f']);
    expect(stats.trailingBytes).toBe(13);
    expect(decodeAll(text('what is this?'), { trailing: 'ignore' }).error?.code).toBe('bad-magic');
  });

  test('a truncated header is the end on request; a truncated record is always an error', async () => {
    for (let cut = 1; cut < 8; cut++) {
      const short = concat([file, oracleFrameRecordIO(text('g')).subarray(0, cut)]);
      expect(where(decodeAll(short).error)).toEqual({ code: 'truncated-header', record: 2, offset: 28 });
      expect(decodeAll(short, { onTruncated: 'stop' }).error).toBeUndefined();
      expect((await scan(short, { onTruncated: 'stop' })).errorCount).toBe(0);
      // This also applies between two parts.
      const between = concat([oraclePart(text('abcd'), 1), oraclePart(text('e'), 3).subarray(0, cut)]);
      const { error } = decodeAll(between, { onTruncated: 'stop' });
      expect(where(error)).toEqual({ code: 'truncated-record', record: 0, offset: 0 });
    }
    expect(decodeAll(file.subarray(0, 12), { onTruncated: 'stop' }).error?.code).toBe('truncated-record');
  });
});

describe('files that are not RecordIO', () => {
  test.each([
    ['a byte-swapped RecordIO file', bytes(0xce, 0xd7, 0x23, 0x0a, 0, 0, 0, 1, 9, 0, 0, 0)],
    ['a TFRecord file', oracleFrame(text('hello'))],
    ['a gzip stream', new Uint8Array(gzipSync(text('hello')))],
    ['an HTML page', text('<!DOCTYPE html><html>')],
    ['a Git LFS pointer', text('version https://git-lfs.github.com/spec/v1\n')],
    ['a Parquet file', text('PAR1 and so on and on')],
    ['is this a RecordIO file?', bytes(1, 2, 3, 4, 5, 6, 7, 8, 9)],
  ])('%s is identified', async (name, file) => {
    const { error } = decodeAll(file, { compression: 'none' });
    expect(where(error)).toEqual({ code: 'bad-magic', record: 0, offset: 0 });
    expect(error?.message).toContain(name);
    expect(error?.message).toContain('expected 0xced7230a');
    const found = await scan(file, { compression: 'none' });
    expect(found.errors[0].message).toContain(name);
  });
});

describe('records in memory', () => {
  const file = oracleFileRecordIO([text('abcde'), concat([text('abcd'), MAGIC, text('ef')]), text('ghi')]);

  test('one-part records are views; multipart records have memory of exactly their size', () => {
    const records = [...decodeRecordIO(file)];
    expect(records.map(({ buffer }) => buffer === file.buffer)).toEqual([true, false, true]);
    expect(records[1].buffer.byteLength).toBe(10);
    file.fill(0xff, 16, 40);
    expect(records[1]).toEqual(concat([text('abcd'), MAGIC, text('ef')]));
  });

  test('offsets are those of the first header, in batches of one as well', () => {
    const offsets = [
      ...decodeRecordIOBatches(oracleFileRecordIO([text('a'), concat([MAGIC, MAGIC]), text('b')])),
    ].map((batch) => [batch.firstRecord, batch.length, batch.offset(0)]);
    expect(offsets).toEqual([
      [0, 1, 0],
      [1, 1, 12],
      [2, 1, 36],
    ]);
  });
});

describe('options', () => {
  test.each([
    [{ multipart: 'join' }, 'multipart'],
    [{ lenientFlags: 1 }, 'lenientFlags'],
    [{ strictPadding: 'yes' }, 'strictPadding'],
    [{ recover: 'all' }, 'recover'],
    [{ maxRecordBytes: -1 }, 'maxRecordBytes'],
  ])('%j is a UsageError', async (options, name) => {
    const wrong = options as unknown as Partial<RecordIOReadOptions>;
    expect(() => decodeAll(bytes(), wrong)).toThrow(UsageError);
    expect(() => decodeAll(bytes(), wrong)).toThrow(name);
    await expect(scan(bytes(), wrong)).rejects.toThrow(UsageError);
  });

  test('compressed streams are detected from the content; offsets refer to uncompressed bytes', async () => {
    const file = oracleFileRecordIO([text('abcde'), text('f')]);
    const packed = new Uint8Array(gzipSync(concat([file, bytes(1, 2, 3, 4, 5, 6, 7, 8)])));
    for (const outcome of [decodeAll(packed), await readAll(rechunk(packed, 7))]) {
      expect(texts(outcome.payloads)).toEqual(['abcde', 'f']);
      expect(where(outcome.error)).toEqual({ code: 'bad-magic', record: 2, offset: 28 });
      expect(outcome.error?.compressed).toBe(true);
    }
    expect(await scan(new Uint8Array(gzipSync(file)))).toMatchObject({ compression: 'gzip', records: 2 });
  });
});
