import type { RecordpipeError } from '../../errors.ts';
import { UsageError } from '../../errors.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { malformedIndex } from './index-errors.ts';
import { forEachMXLine } from './mx-index.ts';

/** A key of MXNet's index: text, or a whole number, as bigint beyond the safe ones. */
export type MXKey = string | number | bigint;

/** How keys are taken: as whole numbers, or as the text they are. */
export type MXKeyType = 'integer' | 'text';

const ZERO = 48;
/** Numbers of so many digits are safe. */
const SAFE_DIGITS = 15;

/** The keys of an index and where their records begin. Of a key that comes twice the last record counts, as in MXNet. */
export interface MXKeys {
  /** In the order of the file, repeated ones included. */
  readonly keys: readonly MXKey[];
  readonly offsets: ReadonlyMap<MXKey, number>;
}

/** @throws RecordpipeError `malformed-index` */
export function readMXKeys(file: StoredFile, type: MXKeyType): MXKeys {
  const keys: MXKey[] = [];
  const offsets = new Map<MXKey, number>();
  forEachMXLine(file, (bytes, from, to, offset, line) => {
    const key = type === 'text' ? textOf(bytes, from, to) : integerOf(file, bytes, from, to, line);
    keys.push(key);
    offsets.set(key, offset);
  });
  return { keys, offsets };
}

/**
 * The key as it is kept and compared.
 * @throws UsageError for one that is not of the type
 */
export function checkedKey(key: MXKey, type: MXKeyType): MXKey {
  if (type === 'text') {
    if (typeof key !== 'string') throw new UsageError(`key: expected text, got ${typeof key}`);
    return key;
  }
  if (typeof key === 'bigint') return smallest(key);
  if (typeof key !== 'number')
    throw new UsageError(`key: expected an integer, got ${typeof key}; keys: 'text' takes text`);
  if (Number.isSafeInteger(key)) return key === 0 ? 0 : key;
  throw new UsageError(`key: expected an integer, beyond 2^53 - 1 as bigint, got ${key}`);
}

function smallest(key: bigint): MXKey {
  const number = Number(key);
  return Number.isSafeInteger(number) ? number : key;
}

function integerOf(file: StoredFile, bytes: Uint8Array, from: number, to: number, line: number): MXKey {
  if (to - from <= SAFE_DIGITS) {
    let value = 0;
    let at = from;
    for (; at < to; at++) {
      const digit = bytes[at] - ZERO;
      if (digit < 0 || digit > 9) break;
      value = value * 10 + digit;
    }
    if (at === to) return value;
  }
  const text = textOf(bytes, from, to).trim();
  if (/^[+-]?\d+$/.test(text)) return smallest(BigInt(text.replace('+', '')));
  throw notInteger(file, text, line);
}

function textOf(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString();
}

function notInteger({ path }: StoredFile, text: string, line: number): RecordpipeError {
  const what = `line ${line + 1} has the key ${JSON.stringify(text)}, which is no whole number; keys: 'text' takes it`;
  return malformedIndex(what, { uri: path, record: line });
}
