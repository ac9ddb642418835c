import { expect, test } from 'vitest';
import { UsageError } from '../../../src/errors.ts';
import {
  MAX_PART_BYTES,
  MAX_PARTS,
  partSizes,
  uploadAddress,
} from '../../../src/storage/upload/write-options.ts';

const MIB = 1024 * 1024;

test('for a known size, all parts are equal and 10,000 suffice', () => {
  const tib = 1024 ** 4;
  const sizeOf = partSizes(8 * MIB, 5 * tib);
  expect(sizeOf(1)).toBe(sizeOf(MAX_PARTS));
  expect(sizeOf(1) * MAX_PARTS).toBeGreaterThanOrEqual(5 * tib);
  expect(sizeOf(1) * (MAX_PARTS - 1)).toBeLessThan(5 * tib);
  expect(partSizes(8 * MIB, 100)(1)).toBe(8 * MIB);
});

test('for an unknown size, parts grow after the 1000th and never shrink', () => {
  const sizeOf = partSizes(8 * MIB, undefined);
  expect(sizeOf(1000)).toBe(8 * MIB);
  expect(sizeOf(1001)).toBe(12 * MIB);
  const sizes = Array.from({ length: MAX_PARTS }, (_, at) => sizeOf(at + 1));
  expect(sizes.every((size, at) => at === 0 || size >= sizes[at - 1])).toBe(true);
  expect(Math.max(...sizes)).toBeLessThanOrEqual(MAX_PART_BYTES);
  expect(sizes.reduce((sum, size) => sum + size)).toBeGreaterThan(880 * 1024 ** 3);
});

test('no part is smaller than S3 allows', () => {
  expect(partSizes(1, undefined)(1)).toBe(5 * MIB);
  expect(partSizes(1, 10)(1)).toBe(5 * MIB);
});

test('keys are not escaped', () => {
  expect(uploadAddress('s3://bucket/a b+%41//ü')).toEqual({
    uri: 's3://bucket/a b+%41//ü',
    bucket: 'bucket',
    key: 'a b+%41//ü',
  });
});

test.each(['s3://bucket', 's3://bucket/', 's3:///key', 'bucket/key', `s3://bucket/${'ü'.repeat(513)}`])(
  '%s has no key',
  (uri) => {
    expect(() => uploadAddress(uri)).toThrow(UsageError);
  },
);
