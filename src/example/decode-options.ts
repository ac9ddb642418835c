import type { ErrorPlace } from '../errors.ts';
import { UsageError } from '../errors.ts';
import type { Int64Mode } from './feature.ts';

/** How an Example is decoded. */
export interface DecodeExampleOptions<M extends Int64Mode = Int64Mode> {
  /**
   * Integers as `BigInt64Array` (`bigint`), as `Float64Array` (`number`; an error names the feature that has one beyond 2^53 - 1), or as
   * the latter where all of a feature fit and else as the former (`auto`).
   */
  readonly int64: M;
  /**
   * By default protobuf's rules hold: of two features of one name the last counts, and so does the last kind of a feature; runs of one list are
   * joined, packed or not. (Values of a kind that a later one replaces are not looked into.) With `tf`, what TensorFlow's parse_example would reject or read otherwise is an error.
   */
  readonly strict: false | 'tf';
  /** Where the record is from, for errors. */
  readonly place: ErrorPlace;
}

/** What holds where nothing is said. */
export const DEFAULT_DECODE_EXAMPLE_OPTIONS: Readonly<DecodeExampleOptions<'bigint'>> = Object.freeze({
  int64: 'bigint',
  strict: false,
  place: Object.freeze({}),
});

const INT64_MODES: readonly unknown[] = ['bigint', 'number', 'auto'];

/** The options with defaults for what is not said. */
export function decodeOptions(given: Partial<DecodeExampleOptions> | undefined): DecodeExampleOptions {
  if (given === undefined) return DEFAULT_DECODE_EXAMPLE_OPTIONS;
  const { int64 = 'bigint', strict = false, place = DEFAULT_DECODE_EXAMPLE_OPTIONS.place } = given;
  if (!INT64_MODES.includes(int64))
    throw new UsageError(`int64: expected 'bigint', 'number' or 'auto', got ${String(int64)}`);
  if (strict !== false && strict !== 'tf')
    throw new UsageError(`strict: expected false or 'tf', got ${String(strict)}`);
  return { int64, strict, place };
}
