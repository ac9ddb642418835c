import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { encodeTFRecord, encodeTFRecordInto, tfrecordFrameBytes } from '../../src/formats/index.ts';
import { offsetView } from '../support/offset-view.ts';
import { oracleFrame } from '../support/oracle-tfrecord.ts';

const payloads = fc.uint8Array({ maxLength: 600 });

describe('encodeTFRecord', () => {
  test('is the frame of the format', () => {
    expect(Buffer.from(encodeTFRecord(new Uint8Array(0))).toString('hex')).toBe(
      '000000000000000029039807d8ea82a2',
    );
    fc.assert(
      fc.property(payloads, fc.nat(9), (payload, offset) => {
        const frame = encodeTFRecord(offsetView(payload, offset));
        expect(frame).toEqual(oracleFrame(payload));
        expect(frame.length).toBe(tfrecordFrameBytes(payload.length));
      }),
    );
  });

  test('does not change the payload, and returns separate memory', () => {
    const payload = Uint8Array.of(1, 2, 3);
    const frame = encodeTFRecord(payload);
    frame.fill(9);
    expect(payload).toEqual(Uint8Array.of(1, 2, 3));
    expect(encodeTFRecord(Buffer.from('abc'))).toEqual(oracleFrame(Uint8Array.from(Buffer.from('abc'))));
  });
});

describe('encodeTFRecordInto', () => {
  test('writes only its frame', () => {
    fc.assert(
      fc.property(payloads, fc.nat(40), fc.nat(40), (payload, before, behind) => {
        const target = new Uint8Array(before + tfrecordFrameBytes(payload.length) + behind).fill(0xcc);
        const end = encodeTFRecordInto(payload, target, before);
        expect(end).toBe(target.length - behind);
        expect(target.subarray(before, end)).toEqual(oracleFrame(payload));
        expect(target.subarray(0, before).every((byte) => byte === 0xcc)).toBe(true);
        expect(target.subarray(end).every((byte) => byte === 0xcc)).toBe(true);
      }),
    );
  });

  test('rejects a target that is too small before writing', () => {
    fc.assert(
      fc.property(payloads, fc.integer({ min: 1, max: 30 }), (payload, missing) => {
        const size = tfrecordFrameBytes(payload.length);
        const target = new Uint8Array(size + 20).fill(0xcc);
        expect(() => encodeTFRecordInto(payload, target, 20 + missing)).toThrow(UsageError);
        expect(target.every((byte) => byte === 0xcc)).toBe(true);
      }),
    );
  });

  test.each([-1, -12, -16, 0.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('rejects index %d', (at) => {
    const target = new Uint8Array(100).fill(0xcc);
    expect(() => encodeTFRecordInto(new Uint8Array(0), target, at)).toThrow(UsageError);
    expect(() => encodeTFRecordInto(new Uint8Array(5), target, at)).toThrow(UsageError);
    expect(target.every((byte) => byte === 0xcc)).toBe(true);
  });

  test('a payload anywhere in the target itself', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 100, maxLength: 100 }),
        fc.nat(60),
        fc.nat(40),
        fc.nat(44),
        (bytes, from, length, at) => {
          const target = bytes.slice();
          const end = encodeTFRecordInto(target.subarray(from, from + length), target, at);
          expect(target.subarray(at, end)).toEqual(oracleFrame(bytes.slice(from, from + length)));
        },
      ),
    );
  });
});

test.each(['text', new Uint16Array(2), [1, 2], undefined])(
  'encoding %o: a UsageError instead of wrong bytes',
  (payload) => {
    expect(() => encodeTFRecord(payload as unknown as Uint8Array)).toThrow(UsageError);
    expect(() => encodeTFRecordInto(payload as unknown as Uint8Array, new Uint8Array(99), 0)).toThrow(
      UsageError,
    );
  },
);
