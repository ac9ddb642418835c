import fc from 'fast-check';
import { encodeRecordIO, encodeTFRecord } from '../../src/index.ts';
import type { FileFormat } from '../../src/transform/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';

/** Formats that can store any bytes. */
export const ANY_BYTES: readonly FileFormat[] = ['tfrecord', 'recordio', 'base64'];
export const COMPRESSIONS = ['none', 'gzip', 'zlib'] as const;

/** Returns the expected file of these payloads. */
export function fileOf(format: FileFormat, payloads: readonly Uint8Array[]): Uint8Array {
  const frame: Record<FileFormat, (payload: Uint8Array) => Uint8Array> = {
    tfrecord: encodeTFRecord,
    recordio: (payload) => encodeRecordIO(payload),
    textline: (payload) => Buffer.concat([payload, Buffer.from('\n')]),
    base64: (payload) => Buffer.from(`${Buffer.from(payload).toString('base64')}\n`),
  };
  return concat(payloads.map(frame[format]));
}

/** RecordIO's magic number, which its writers escape. */
const MAGIC = Uint8Array.of(0x0a, 0x23, 0xd7, 0xce);

/** Payloads of any bytes, including magic numbers. */
export const anyPayloads: fc.Arbitrary<Uint8Array[]> = fc.array(
  fc.oneof(
    fc.uint8Array({ maxLength: 60 }),
    fc
      .array(fc.oneof(fc.constant(MAGIC), fc.uint8Array({ minLength: 4, maxLength: 4 })), { maxLength: 8 })
      .map(concat),
    fc.integer({ min: 0, max: 200_000 }).map((length) => new Uint8Array(length).fill(length)),
  ),
  { maxLength: 25 },
);
