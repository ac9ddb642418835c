import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { encodeRecordIO, encodeRecordIOInto, recordIOFrameBytes } from '../../src/formats/index.ts';
import { frameBytes, writeRecord } from '../../src/formats/recordio/encode.ts';
import { isRecordpipeError } from '../../src/index.ts';
import { offsetView } from '../support/offset-view.ts';
import { MAGIC, oracleDecodeRecordIO, oracleFrameRecordIO } from '../support/oracle-recordio.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { Random } from '../support/random.ts';
import { magicPayloads } from '../support/recordio-payloads.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const text = (from: string): Uint8Array => new TextEncoder().encode(from);

describe('encodeRecordIO', () => {
  test.each([
    ['nothing', new Uint8Array(0), '0a23d7ce00000000'],
    ['a', text('a'), '0a23d7ce0100000061000000'],
    ['the magic number', MAGIC, '0a23d7ce000000200a23d7ce00000060'],
    [
      'abcd, magic, ef',
      concat([text('abcd'), MAGIC, text('ef')]),
      '0a23d7ce04000020616263640a23d7ce0200006065660000',
    ],
    [
      'abcd, magic, magic, x',
      concat([text('abcd'), MAGIC, MAGIC, text('x')]),
      '0a23d7ce04000020616263640a23d7ce000000400a23d7ce0100006078000000',
    ],
    [
      'ab, magic, cd: not at a multiple of four',
      concat([text('ab'), MAGIC, text('cd')]),
      '0a23d7ce0800000061620a23d7ce6364',
    ],
  ])('writes what dmlc writes for %s', (_name, payload, expected) => {
    expect(hex(encodeRecordIO(payload))).toBe(expected);
    expect(recordIOFrameBytes(payload)).toBe(expected.length / 2);
  });

  test('is the frame of the format, with and without escapes', () => {
    fc.assert(
      fc.property(magicPayloads, fc.nat(9), fc.boolean(), (payload, offset, escapeMagic) => {
        const view = offsetView(payload, offset);
        const frame = encodeRecordIO(view, { escapeMagic });
        expect(hex(frame)).toBe(hex(oracleFrameRecordIO(payload, escapeMagic)));
        expect(frame.length).toBe(recordIOFrameBytes(view, { escapeMagic }));
      }),
    );
  });

  test('long payloads, searched by the kernel, with magic numbers at every boundary of its staging buffer', () => {
    const random = new Random(11);
    for (let round = 0; round < 300; round++) {
      const payload = random.bytes(random.pick([255, 256, 257, 300, 1000, 32_767, 32_768, 32_771, 70_000]));
      for (let n = random.below(6); n > 0; n--) payload.set(MAGIC, random.below(payload.length - 3));
      for (const at of [0, 32_764, 32_768, payload.length - 4, payload.length - (payload.length % 4) - 4]) {
        if (at + 4 <= payload.length && random.below(3) === 0) payload.set(MAGIC, at);
      }
      const frame = encodeRecordIO(offsetView(payload, random.below(8)));
      expect(Buffer.compare(frame, oracleFrameRecordIO(payload))).toBe(0);
    }
  });

  test('does not change the payload, and returns separate memory', () => {
    const payload = Uint8Array.of(1, 2, 3);
    encodeRecordIO(payload).fill(9);
    expect(payload).toEqual(Uint8Array.of(1, 2, 3));
    expect(hex(encodeRecordIO(Buffer.from('abc')))).toBe(hex(oracleFrameRecordIO(text('abc'))));
  });

  test('conflicting or unknown options', () => {
    const nothing = new Uint8Array(0);
    expect(() => encodeRecordIO(nothing, { oversize: 'concat', escapeMagic: true })).toThrow(UsageError);
    expect(() => encodeRecordIO(nothing, { oversize: 'split' as 'concat' })).toThrow(UsageError);
    expect(encodeRecordIO(MAGIC, { oversize: 'concat' })).toEqual(oracleFrameRecordIO(MAGIC, false));
    expect(() => encodeRecordIO('abc' as unknown as Uint8Array)).toThrow(UsageError);
    expect(() => recordIOFrameBytes(Float32Array.of(1) as unknown as Uint8Array)).toThrow(UsageError);
  });
});

describe('encodeRecordIOInto', () => {
  test('writes only its frame', () => {
    fc.assert(
      fc.property(magicPayloads, fc.nat(40), fc.nat(40), (payload, before, behind) => {
        const target = new Uint8Array(before + recordIOFrameBytes(payload) + behind).fill(0xcc);
        const end = encodeRecordIOInto(payload, target, before);
        expect(end).toBe(target.length - behind);
        expect(hex(target.subarray(before, end))).toBe(hex(oracleFrameRecordIO(payload)));
        expect(target.subarray(0, before).every((byte) => byte === 0xcc)).toBe(true);
        expect(target.subarray(end).every((byte) => byte === 0xcc)).toBe(true);
      }),
    );
  });

  test('the payload may be in the target, also as a Buffer', () => {
    fc.assert(
      fc.property(magicPayloads, fc.nat(60), fc.boolean(), (payload, from, asBuffer) => {
        const target = new Uint8Array(1500);
        target.set(payload, from);
        const inside = target.subarray(from, from + payload.length);
        const source = asBuffer ? Buffer.from(target.buffer, from, payload.length) : inside;
        const end = encodeRecordIOInto(source, target, 8);
        expect(hex(target.subarray(8, end))).toBe(hex(oracleFrameRecordIO(payload)));
      }),
    );
  });

  test.each([-1, 0.5, Number.NaN, 89, 2 ** 53])('rejects index %d before writing', (at) => {
    const target = new Uint8Array(100).fill(0xcc);
    expect(() => encodeRecordIOInto(Uint8Array.of(1, 2, 3), target, at)).toThrow(UsageError);
    expect(target.every((byte) => byte === 0xcc)).toBe(true);
  });
});

describe('a payload that is too large for one part', () => {
  test('is split into parts that only concatenating readers accept', () => {
    // Run the same code with a limit of 7 bytes instead of 2^29 - 1.
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 8, maxLength: 60 }), (payload) => {
        const target = new Uint8Array(frameBytes(payload.length, 0, 7));
        expect(writeRecord(payload, 0, target, 0, 7)).toBe(target.length);
        const { records, error } = oracleDecodeRecordIO(target, { multipart: 'concat', strictPadding: true });
        expect(error).toBeUndefined();
        expect(records.map((record) => hex(record.payload))).toEqual([hex(payload)]);
        expect(oracleDecodeRecordIO(target).error?.code).toBe('ambiguous-multipart');
      }),
    );
  });

  test('is an error by default, before anything is allocated', () => {
    // This memory is never touched, so it is never allocated.
    const large = new Uint8Array(2 ** 29);
    for (const attempt of [
      () => encodeRecordIO(large),
      () => recordIOFrameBytes(large),
      () => encodeRecordIOInto(large, new Uint8Array(10), 0),
    ]) {
      let error: unknown;
      try {
        attempt();
      } catch (thrown) {
        error = thrown;
      }
      expect(isRecordpipeError(error, 'record-too-large')).toBe(true);
    }
    expect(recordIOFrameBytes(large, { oversize: 'concat' })).toBe(2 ** 29 + 8 + 8 + 4);
    expect(recordIOFrameBytes(large.subarray(1))).toBe(2 ** 29 + 8);
  });
});
