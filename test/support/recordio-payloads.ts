import fc from 'fast-check';
import { MAGIC } from './oracle-recordio.ts';
import { concat } from './oracle-tfrecord.ts';

/** Bytes that resemble RecordIO: the magic number, halves of it, headers. */
const piece: fc.Arbitrary<Uint8Array> = fc.oneof(
  { weight: 4, arbitrary: fc.constant(MAGIC) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((length) => MAGIC.subarray(0, length)) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 3 }).map((from) => MAGIC.subarray(from)) },
  { weight: 1, arbitrary: fc.constantFrom(0, 1, 2, 3).map((flag) => Uint8Array.of(4, 0, 0, flag << 5)) },
  { weight: 3, arbitrary: fc.uint8Array({ maxLength: 12 }) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 80 }) },
);

/** Payloads with many magic numbers, at multiples of four and elsewhere. */
export const magicPayloads: fc.Arbitrary<Uint8Array> = fc.array(piece, { maxLength: 12 }).map(concat);
