import { readdirSync, readFileSync } from 'node:fs';
import { expect } from 'vitest';
import {
  encodeTFRecord,
  isItemFailure,
  isRecordpipeError,
  type RecordpipeError,
} from '../../../src/index.ts';
import { concat } from '../../support/oracle-tfrecord.ts';
import { readAll } from '../../support/outcome.ts';
import { Random } from '../../support/random.ts';

/** Payloads of many lengths: none, around the frame's and a 4 KiB buffer's borders, and some larger than that buffer. */
export function somePayloads(seed: number): Uint8Array[] {
  const random = new Random(seed);
  const lengths = [0, 1, 7, 8, 15, 16, 100, 0, 4079, 4080, 4081, 4096, 0, 5000, 12_288, 20_000, 3];
  const more = Array.from({ length: 300 }, () => random.below(200));
  return [...lengths, ...more, ...lengths].map((length) => random.bytes(length));
}

/** What a file of these records must be, uncompressed. */
export function encoded(payloads: readonly Uint8Array[]): Uint8Array {
  return concat(payloads.map((payload) => encodeTFRecord(payload)));
}

export function bytesOf(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}

/** All records of a file that must be whole. */
export async function recordsOf(path: string): Promise<Uint8Array[]> {
  const { payloads, error } = await readAll(path);
  if (error !== undefined) throw error;
  return payloads;
}

/** Everything in a directory, also what begins with a dot. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder).sort();
}

/** What `action` fails with. A wrong argument is the test's own mistake, and anything else a crash: both are thrown. */
export async function failureOf(action: () => unknown): Promise<RecordpipeError> {
  try {
    await action();
  } catch (error) {
    if (isItemFailure(error) || isRecordpipeError(error, 'aborted')) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

/** The same bytes; looked at one by one only where they differ. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) !== 0) expect(actual).toEqual(expected);
}

/** The same records in the same order. */
export function expectRecords(actual: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  for (const [i, payload] of actual.entries()) expectBytes(payload, expected[i]);
}
