import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/errors.ts';
import { isRecordpipeError, packIR, unpackIR } from '../../src/index.ts';
import { offsetView } from '../support/offset-view.ts';

const ids = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const floats = fc.float32Array({ noNaN: false, maxLength: 20 });
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

test('the layout of MXNet: IfQQ, little-endian', () => {
  const record = packIR({ label: 1.5, id: 0x0102030405060708n, id2: 9 }, Uint8Array.of(0xff));
  expect(hex(record)).toBe(`00000000${'0000c03f'}${'0807060504030201'}${'0900000000000000'}ff`);
  const several = packIR({ label: [1, -2], id: 7 }, Uint8Array.of(0xff));
  expect(hex(several)).toBe(
    `02000000${'00000000'}${'0700000000000000'}${'0000000000000000'}${'0000803f000000c0'}ff`,
  );
});

test('packed records are unpacked at any alignment', () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.float(), floats),
      ids,
      ids,
      fc.uint8Array({ maxLength: 50 }),
      fc.nat(9),
      (label, id, id2, payload, offset) => {
        const record = offsetView(packIR({ label, id, id2 }, payload), offset);
        const found = unpackIR(record);
        expect(found.id).toBe(id);
        expect(found.id2).toBe(id2);
        expect(found.payload).toEqual(payload);
        expect(found.payload.buffer).toBe(record.buffer);
        if (typeof label === 'number') {
          expect(found.label).toBe(label);
          expect(found.flag).toBe(0);
        } else if (label.length === 0) {
          // As in MXNet, an empty array is indistinguishable from a single label.
          expect(found.label).toBe(0);
        } else {
          expect(found.flag).toBe(label.length);
          const labels = found.label as Float32Array;
          expect(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength)).toEqual(
            new Uint8Array(label.buffer, label.byteOffset, label.byteLength),
          );
          expect(labels.buffer === record.buffer).toBe(record.byteOffset % 4 === 0);
        }
        expect(packIR(found, found.payload)).toEqual(Uint8Array.from(record));
      },
    ),
  );
});

test('a Buffer in shared memory is not treated as a copy', () => {
  const around = Buffer.alloc(64, 0xaa);
  around.set(packIR({ label: [3, 4], id: 1n }, new Uint8Array(0)), 5);
  const { label } = unpackIR(around.subarray(5, 37));
  expect(label).toEqual(Float32Array.of(3, 4));
});

describe('rejected headers', () => {
  test.each([-1n, 2n ** 64n, -1, 0.5, 2 ** 53, Number.NaN])('an id of %s', (id) => {
    expect(() => packIR({ label: 0, id }, new Uint8Array(0))).toThrow(UsageError);
    expect(() => packIR({ label: 0, id: 0n, id2: id }, new Uint8Array(0))).toThrow(UsageError);
  });

  test('labels beyond 32-bit floats; NaN and infinities are valid', () => {
    expect(() => packIR({ label: 1e39, id: 0n }, new Uint8Array(0))).toThrow(UsageError);
    expect(() => packIR({ label: [0, -1e300], id: 0n }, new Uint8Array(0))).toThrow(UsageError);
    expect(unpackIR(packIR({ label: Number.NaN, id: 0n }, new Uint8Array(0))).label).toBeNaN();
    expect(unpackIR(packIR({ label: -Infinity, id: 0n }, new Uint8Array(0))).label).toBe(-Infinity);
  });

  test('records shorter than their header or labels fail before anything is allocated for them', () => {
    const record = packIR({ label: [1, 2, 3], id: 0n }, new Uint8Array(0));
    for (let length = 0; length < record.length; length++) {
      const code = length < 24 ? 'truncated-header' : 'truncated-record';
      expect(() => unpackIR(record.subarray(0, length))).toThrow(
        expect.toSatisfy((error: unknown) => isRecordpipeError(error, code)),
      );
    }
    record.fill(0xff, 0, 4);
    expect(() => unpackIR(record)).toThrow('4294967295 labels');
    expect(() => packIR({ label: 1, id: 1 }, 'x' as unknown as Uint8Array)).toThrow(UsageError);
  });
});
