import { checkRecordOptions } from '../../bytes/arguments.ts';
import { WireFault } from '../../bytes/wire/wire-reader.ts';
import { type ErrorPlace, RecordpipeError, UsageError } from '../../errors.ts';
import type { Int64Mode } from './feature.ts';
import type { FeatureCursor } from './feature-cursor.ts';
import { UnsafeInteger } from './feature-values.ts';

/** Options of {@link decodeExample}. */
export interface DecodeExampleOptions<M extends Int64Mode = Int64Mode> {
  /**
   * Type of integers: `BigInt64Array` (`bigint`), `Float64Array` (`number`), or, per feature,
   * `Float64Array` if all integers fit and `BigInt64Array` otherwise (`auto`). With `number`, an
   * integer beyond 2^53 - 1 is an error that names its feature.
   */
  readonly int64: M;
  /**
   * Whether to apply stricter rules than protobuf. Default false: the last feature with a given
   * name and the last kind of a feature are used, and all runs of a list are joined, packed or not.
   * Values of a kind that a later kind replaces are not read. With `tf`, records that TensorFlow's
   * `parse_example` rejects or reads differently are errors.
   */
  readonly strict: false | 'tf';
  /** Source of the record, for errors. */
  readonly place: ErrorPlace;
}

/** Default options of {@link decodeExample}. */
export const DEFAULT_DECODE_EXAMPLE_OPTIONS: Readonly<DecodeExampleOptions<'bigint'>> = Object.freeze({
  int64: 'bigint',
  strict: false,
  place: Object.freeze({}),
});

const OPTIONS: readonly (keyof DecodeExampleOptions)[] = ['int64', 'strict', 'place'];
const INT64_MODES: readonly unknown[] = ['bigint', 'number', 'auto'];
/** Checks that a record is a Uint8Array. @throws UsageError for any other value */
export function checkRecord(record: unknown): asserts record is Uint8Array {
  if (!(record instanceof Uint8Array))
    throw new UsageError(`record: expected bytes (Uint8Array), got ${typeof record}`);
}

/**
 * Checks options and adds defaults.
 * @param caller name of the function, for errors
 */
export function decodeOptions(
  caller: string,
  given: Partial<DecodeExampleOptions> | undefined,
): DecodeExampleOptions {
  if (given === undefined) return DEFAULT_DECODE_EXAMPLE_OPTIONS;
  checkRecordOptions(caller, given, OPTIONS);
  const { int64 = 'bigint', strict = false, place = DEFAULT_DECODE_EXAMPLE_OPTIONS.place } = given;
  if (!INT64_MODES.includes(int64))
    throw new UsageError(`int64: expected 'bigint', 'number' or 'auto', got ${String(int64)}`);
  if (strict !== false && strict !== 'tf')
    throw new UsageError(`strict: expected false or 'tf', got ${String(strict)}`);
  return { int64, strict, place };
}

/**
 * Returns the error for a record that could not be read, with the feature and the byte at the
 * position of the cursor.
 */
export function explained(error: unknown, cursor: FeatureCursor, place: ErrorPlace): unknown {
  const { record, nameStart, nameEnd } = cursor;
  const isNamed = nameEnd > nameStart;
  let message: string;
  let at = nameStart;
  if (error instanceof WireFault) {
    message = error.message;
    at = cursor.placeOf(error.at);
  } else if (error instanceof UnsafeInteger) {
    message = error.message;
    at = cursor.entryStart;
  } else if (error instanceof TypeError && isNamed) {
    message = 'expected a UTF-8 name, got invalid bytes';
  } else return error;
  const name = isNamed ? ` feature ${JSON.stringify(utf8.decode(record.subarray(nameStart, nameEnd)))}:` : '';
  return new RecordpipeError(
    'malformed-example',
    `example:${name} ${message} (at byte ${at} of the ${record.length}-byte record)`,
    place,
  );
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });
