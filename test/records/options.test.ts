import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import {
  DEFAULT_READ_OPTIONS,
  decodeTFRecords,
  readTFRecords,
  type TFRecordReadOptions,
} from '../../src/index.ts';
import { oracleCrc32c, oracleMask } from '../support/oracle-crc.ts';
import { concat, oracleFrame } from '../support/oracle-tfrecord.ts';
import { decodeAll, type Outcome, readAll, readEach, scan, where } from '../support/outcome.ts';
import { someInTurn } from '../support/random-runs.ts';
import { rechunk } from '../support/rechunk.ts';
import { FILE, flipped, OFFSETS, PAYLOADS } from '../support/samples.ts';

type Options = Partial<TFRecordReadOptions>;

let turn = 0;

/** Returns the outcome, which must be the same for every way of reading. */
async function outcomeOf(bytes: Uint8Array, options: Options = {}): Promise<Outcome> {
  const outcome = decodeAll(bytes, options);
  const chunked = someInTurn([7, 1], turn++).map((size) => [...rechunk(bytes, size)]);
  for (const source of [bytes, [bytes], ...chunked]) {
    const other = await readAll(source, options);
    expect({ ...other, error: where(other.error) }).toEqual({ ...outcome, error: where(outcome.error) });
    const { errors } = await scan(source, options);
    expect(where(errors[0])).toEqual(where(outcome.error));
  }
  return outcome;
}

async function counts(bytes: Uint8Array, options: Options = {}): Promise<{ records: number; code?: string }> {
  const { payloads, error } = await outcomeOf(bytes, options);
  return error === undefined ? { records: payloads.length } : { records: payloads.length, code: error.code };
}

describe('checksum', () => {
  const badPayload = flipped(FILE, OFFSETS[3] + 12);
  const badPayloadSum = flipped(FILE, OFFSETS[4] - 1);
  const badLengthSum = flipped(FILE, OFFSETS[3] + 8);

  test('full is the default: everything is verified', async () => {
    for (const options of [{}, { checksum: 'full' } as const]) {
      expect(await counts(FILE, options)).toEqual({ records: 6 });
      expect(await counts(badPayload, options)).toEqual({ records: 3, code: 'data-checksum' });
      expect(await counts(badPayloadSum, options)).toEqual({ records: 3, code: 'data-checksum' });
      expect(await counts(badLengthSum, options)).toEqual({ records: 3, code: 'length-checksum' });
    }
  });

  test('length: headers only', async () => {
    const options = { checksum: 'length' } as const;
    expect(await counts(badPayload, options)).toEqual({ records: 6 });
    expect(await counts(badPayloadSum, options)).toEqual({ records: 6 });
    expect(await counts(badLengthSum, options)).toEqual({ records: 3, code: 'length-checksum' });
  });

  test('off: no checksums, but lengths are compared with the limit and the file size', async () => {
    const options = { checksum: 'off', compression: 'none' } as const;
    expect(await counts(badPayload, options)).toEqual({ records: 6 });
    expect(await counts(badLengthSum, options)).toEqual({ records: 6 });
    expect(await counts(flipped(FILE, OFFSETS[3] + 6), options)).toEqual({
      records: 3,
      code: 'record-too-large',
    });
    expect(await counts(flipped(FILE, OFFSETS[3] + 2), options)).toEqual({
      records: 3,
      code: 'truncated-record',
    });
  });
});

describe('onTruncated', () => {
  test.each([1, 4, 7, 8, 11])('%i bytes of a header', async (more) => {
    const cut = FILE.subarray(0, OFFSETS[4] + more);
    expect(await counts(cut)).toEqual({ records: 4, code: 'truncated-header' });
    expect(await counts(cut, { onTruncated: 'stop' })).toEqual({ records: 4 });
    expect(await counts(cut, { compat: 'tf' })).toEqual({ records: 4 });
    expect((await outcomeOf(cut)).error).toMatchObject({ record: 4, offset: OFFSETS[4] });
  });

  test.each([12, 13, 12 + 77, 12 + 77 + 3])('%i bytes of a record: always an error', async (more) => {
    const cut = FILE.subarray(0, OFFSETS[4] + more);
    for (const options of [{}, { onTruncated: 'stop' }, { compat: 'tf' }] as const) {
      expect(await counts(cut, options)).toEqual({ records: 4, code: 'truncated-record' });
    }
    expect((await outcomeOf(cut)).error?.message).toContain(`needs 93 bytes, but the stream has ${more}`);
  });

  test('never counted as corrupt or skipped', async () => {
    const cut = FILE.subarray(0, OFFSETS[4] + 20);
    const reported: unknown[] = [];
    const options = { maxCorruptedRecordsToSkip: 9, onCorrupt: (error: unknown) => reported.push(error) };
    expect(await counts(cut, options)).toEqual({ records: 4, code: 'truncated-record' });
    expect(reported).toEqual([]);
  });
});

describe('trailing', () => {
  const zeros = (count: number): Uint8Array => concat([FILE, new Uint8Array(count)]);

  test.each([1, 11, 12, 13, 64, 5000])('%i zero bytes', async (count) => {
    const code = count < 12 ? 'truncated-header' : 'length-checksum';
    expect(await counts(zeros(count))).toEqual({ records: 6, code });
    expect(await counts(zeros(count), { trailing: 'zeros-ok' })).toEqual({ records: 6 });
    expect(await counts(zeros(count), { trailing: 'ignore' })).toEqual({ records: 6 });
    for (const trailing of ['zeros-ok', 'ignore'] as const) {
      const { stats } = await readEach(zeros(count), { trailing });
      expect(stats).toMatchObject({ records: 6, trailingBytes: count, corrupted: 0 });
      expect(await scan(zeros(count), { trailing })).toMatchObject({
        records: 6,
        trailingBytes: count,
        errorCount: 0,
      });
    }
  });

  test.each([3, 12, 100])('%i zero bytes and then others', async (count) => {
    const bytes = concat([zeros(count), Uint8Array.of(1)]);
    const code = count + 1 < 12 ? 'truncated-header' : 'length-checksum';
    for (const trailing of ['error', 'zeros-ok'] as const) {
      const outcome = await outcomeOf(bytes, { trailing });
      expect(where(outcome.error)).toEqual({ code, record: 6, offset: FILE.length });
    }
    expect(await counts(bytes, { trailing: 'ignore' })).toEqual({ records: 6 });
  });

  test('zeros between records are not the end', async () => {
    const bytes = concat([FILE, new Uint8Array(50), FILE]);
    expect(await counts(bytes, { trailing: 'zeros-ok' })).toEqual({ records: 6, code: 'length-checksum' });
  });

  test('ignore ends at the first invalid header after a valid record, and only there', async () => {
    const junk = new TextEncoder().encode('something that was appended by mistake');
    expect(await counts(concat([FILE, junk]))).toEqual({ records: 6, code: 'length-checksum' });
    expect(await counts(concat([FILE, junk]), { trailing: 'ignore' })).toEqual({ records: 6 });
    expect(await counts(junk, { trailing: 'ignore' })).toEqual({ records: 0, code: 'length-checksum' });
    expect(await counts(flipped(FILE, OFFSETS[4] - 1), { trailing: 'ignore' })).toEqual({
      records: 3,
      code: 'data-checksum',
    });
  });

  test('only zeros', async () => {
    expect(await counts(new Uint8Array(600))).toEqual({ records: 0, code: 'length-checksum' });
    expect(decodeAll(new Uint8Array(600)).error?.message).toContain("trailing: 'zeros-ok'");
  });
});

describe("the dialect of SageMaker's debugger", () => {
  const constant = oracleMask(oracleCrc32c(new TextEncoder().encode('0x12345678')));
  const dialect = (payload: Uint8Array): Uint8Array => {
    const frame = oracleFrame(payload);
    new DataView(frame.buffer).setUint32(frame.length - 4, constant, true);
    return frame;
  };
  const file = concat([
    dialect(PAYLOADS[1]),
    oracleFrame(PAYLOADS[0]),
    dialect(PAYLOADS[2]),
    dialect(PAYLOADS[3]),
  ]);

  test('its constant is the known one', () => {
    expect(constant).toBe(0x062dc0b3);
  });

  test('is an error that identifies it', async () => {
    const { error, payloads } = await outcomeOf(file);
    expect(payloads).toEqual([]);
    expect(error?.code).toBe('data-checksum');
    expect(error?.message).toContain("payloadCrc: 'smdebug'");
  });

  test('is accepted on request, record by record', async () => {
    const { error, payloads } = await outcomeOf(file, { payloadCrc: 'smdebug' });
    expect(error).toBeUndefined();
    expect(payloads).toEqual([PAYLOADS[1], PAYLOADS[0], PAYLOADS[2], PAYLOADS[3]]);
    expect(await counts(flipped(file, file.length - 1), { payloadCrc: 'smdebug' })).toEqual({
      records: 3,
      code: 'data-checksum',
    });
    expect(await counts(FILE, { payloadCrc: 'smdebug' })).toEqual({ records: 6 });
  });
});

describe('hints in the first error of a file of another kind', () => {
  const text = (value: string): Uint8Array => Uint8Array.from(value, (char) => char.charCodeAt(0));
  test.each([
    ['Git LFS', 'version https://git-lfs.github.com/spec/v1\noid sha256:abc'],
    ['HTML', '<!DOCTYPE html><html></html>'],
    ['HTML', '<HTML><BODY>Not Found</BODY></HTML>'],
    ['XML', '<?xml version="1.0"?><Error><Code>NoSuchKey</Code></Error>'],
    ['RecordIO', '\x0a\x23\xd7\xce\x05\x00\x00\x00hello\x00\x00\x00'],
    ['Parquet', 'PAR1\x15\x04\x15\x10\x15\x14L\x15\x02\x15'],
    ['NumPy', '\x93NUMPY\x01\x00v\x00{"descr": "<f4"}'],
    ['zip', 'PK\x03\x04\x14\x00\x00\x00\x08\x00aaaa'],
    ['zstd', '\x28\xb5\x2f\xfd\x04\x00aaaaaaaaaa'],
    ['bzip2', 'BZh91AY&SY\x00\x00\x00\x00'],
    ['snappy', '\xff\x06\x00\x00sNaPpYaaaa'],
    ['Avro', 'Obj\x01\x04\x14avro.codec'],
    ['HDF5', '\x89HDF\r\n\x1a\n\x00\x00\x00\x00'],
    ['PNG', '\x89PNG\r\n\x1a\n\x00\x00\x00\x0d'],
    ['JPEG', '\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01'],
    ['tar', `${'a'.repeat(257)}ustar\x00`],
    ['a text file', 'label,feature,another\n1,2,3\n'],
    ['zero bytes', '\x00'.repeat(80)],
  ])('%s', (hint, content) => {
    const { error } = decodeAll(text(content));
    expect(error).toMatchObject({ code: 'length-checksum', record: 0, offset: 0 });
    expect(error?.message).toContain(hint);
  });

  test('missing or wrong compression', async () => {
    const { gzipSync, deflateSync } = await import('node:zlib');
    const gzip = decodeAll(gzipSync(FILE), { compression: 'none' }).error;
    expect(gzip?.message).toContain('a gzip stream');
    const zlib = decodeAll(deflateSync(FILE), { compression: 'none' }).error;
    expect(zlib?.message).toContain('a zlib stream');
    for (const [bytes, compression] of [
      [FILE, 'gzip'],
      [FILE, 'zlib'],
      [gzipSync(FILE), 'zlib'],
      [deflateSync(FILE), 'gzip'],
    ] as const) {
      expect(await counts(bytes, { compression })).toEqual({ records: 0, code: 'corrupt-compressed-stream' });
    }
    expect(decodeAll(FILE, { compression: 'gzip' }).error?.message).toContain('is it compressed?');
  });

  test('unknown content, and damage later in a file', () => {
    const unknown = decodeAll(text('\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d\x0e')).error;
    expect(unknown?.message).toContain('is this a TFRecord file?');
    expect(decodeAll(flipped(FILE, OFFSETS[3])).error?.message).toContain('not the start of a record');
  });
});

describe('invalid option values', () => {
  test.each([
    { compression: 'GZIP' },
    { compression: 'snappy' },
    { checksum: 'none' },
    { payloadCrc: 'off' },
    { onTruncated: 'ignore' },
    { trailing: 'zeros' },
    { recover: true },
    { compat: 'sagemaker' },
    { maxRecordBytes: -1 },
    { maxRecordBytes: 1.5 },
    { maxRecordBytes: 2 ** 32 },
    { maxRecordBytes: Number.NaN },
    { maxRecordBytes: '100' },
    { chunkBytes: 0 },
    { chunkBytes: 2 ** 31 },
    { maxCorruptedRecordsToSkip: -1 },
    { maxCorruptedTotal: 0.5 },
  ])('%o', async (options) => {
    const wrong = options as never;
    expect(() => readTFRecords(FILE, wrong)).toThrow(UsageError);
    expect(() => decodeTFRecords(FILE, wrong).next()).toThrow(UsageError);
    await expect(scan(FILE, wrong)).rejects.toThrow(UsageError);
    const [name] = Object.keys(options);
    expect(() => readTFRecords(FILE, wrong)).toThrow(name);
  });

  test('undefined means the default, and the defaults are frozen', async () => {
    const options = Object.fromEntries(Object.keys(DEFAULT_READ_OPTIONS).map((name) => [name, undefined]));
    expect(await counts(FILE, options)).toEqual({ records: 6 });
    expect(Object.isFrozen(DEFAULT_READ_OPTIONS)).toBe(true);
  });
});

test('an accepted end is the end in every way of reading: damage after it has no effect', async () => {
  const { gzipSync } = await import('node:zlib');
  const packed = gzipSync(concat([FILE, new TextEncoder().encode('something that was appended by mistake')]));
  const bytes = concat([packed.subarray(0, -3)]);
  expect(await counts(bytes, { trailing: 'ignore' })).toEqual({ records: 6 });
});
