import { expect, test } from 'vitest';
import {
  bytesField,
  intField,
  numberAt,
  structAt,
  structList,
  structsAt,
  ThriftReader,
  textAt,
  thriftBytes,
} from '../../../src/columns/formats/parquet-thrift.ts';

test('structs are restored, with fields in any order and of any number', () => {
  const inner = new Map([[1, bytesField('é')]]);
  const numbers = [0, 1, -1, 63, 64, -65, 2 ** 31 - 1, -(2 ** 31), 2 ** 47, -(2 ** 52)];
  const struct = new Map([
    [200, intField(-5, 32)],
    [3, { type: 1, value: false }],
    [17, structList(Array.from({ length: 20 }, () => inner))],
    ...numbers.map((value, i) => [300 + i, intField(value, 64)] as const),
  ]);
  const found = new ThriftReader(thriftBytes(struct)).struct();
  expect(numberAt(found, 200)).toBe(-5);
  expect(found.get(3)?.value).toBe(false);
  expect(structsAt(found, 17).map((one) => textAt(one, 1))).toEqual(Array(20).fill('é'));
  expect(numbers.map((_, i) => numberAt(found, 300 + i))).toEqual(numbers);
  expect(structAt(found, 999)).toBeUndefined();
});

test('numbers of 64 bits are written as they were read', () => {
  const struct = new Map([
    [1, { type: 6, value: -(2n ** 63n) }],
    [2, { type: 6, value: 2n ** 63n - 1n }],
  ]);
  expect(new ThriftReader(thriftBytes(struct)).struct()).toEqual(struct);
});

test('metadata does not keep the memory of the data around it', () => {
  const bytes = new Uint8Array(1000);
  bytes.set(thriftBytes(new Map([[1, bytesField('name')]])), 500);
  const name = new ThriftReader(bytes, 500).struct().get(1)?.value as Uint8Array;
  expect(name.buffer.byteLength).toBe(4);
});

test.each([
  ['the end is missing', [0x15]],
  ['a length is out of range', [0x18, 0xff, 0xff, 0x03, 0]],
  ['a list has more items than bytes', [0x19, 0xfc, 0xff, 0xff, 0xff, 0x0f]],
  ['structs are nested too deeply', Array(100).fill(0x1c)],
  ['a number is too long', [0x16, ...Array(11).fill(0xff)]],
])('%s: a RangeError', (_, bytes) => {
  expect(() => new ThriftReader(Uint8Array.from(bytes)).struct()).toThrow(RangeError);
});
