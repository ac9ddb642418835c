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

/**
 * Returns payloads of many lengths: empty, around the boundaries of the frame and of a 4 KiB
 * buffer, and larger than that buffer.
 */
export function somePayloads(seed: number, count = 120): Uint8Array[] {
  const random = new Random(seed);
  const lengths = [0, 1, 7, 8, 15, 16, 100, 0, 4079, 4080, 4081, 4096, 0, 5000, 12_288, 20_000, 3];
  const more = Array.from({ length: count }, () => random.below(200));
  return [...lengths, ...more, ...lengths].map((length) => random.bytes(length));
}

/** Returns the expected uncompressed file of these records. */
export function encoded(payloads: readonly Uint8Array[]): Uint8Array {
  return concat(payloads.map((payload) => encodeTFRecord(payload)));
}

export function bytesOf(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}

/** Returns all records of a file, which must be whole. */
export async function recordsOf(path: string): Promise<Uint8Array[]> {
  const { payloads, error } = await readAll(path);
  if (error !== undefined) throw error;
  return payloads;
}

/** Returns the names of everything in a directory, including hidden files. */
export function namesIn(folder: string): string[] {
  return readdirSync(folder).sort();
}

/**
 * Returns the error with which `action` fails. Rethrows invalid arguments, which are mistakes in
 * the test, and any other error, which is a crash.
 */
export async function failureOf(action: () => unknown): Promise<RecordpipeError> {
  try {
    await action();
  } catch (error) {
    if (isItemFailure(error) || isRecordpipeError(error, 'aborted')) return error;
    throw error;
  }
  throw new Error('nothing failed');
}

/** Expects equal bytes. Compares them one by one only if they differ. */
export function expectBytes(actual: Uint8Array, expected: Uint8Array): void {
  if (Buffer.compare(actual, expected) !== 0) expect(actual).toEqual(expected);
}

/** Expects the same records in the same order. */
export function expectRecords(actual: readonly Uint8Array[], expected: readonly Uint8Array[]): void {
  expect(actual.map(({ length }) => length)).toEqual(expected.map(({ length }) => length));
  for (const [i, payload] of actual.entries()) expectBytes(payload, expected[i]);
}
