import { type ErrorPlace, UsageError } from '../../errors.ts';
import { ExampleCursor } from './example-cursor.ts';
import type { Example, Feature, Int64Mode, SequenceExample } from './feature.ts';
import { NameTable } from './name-table.ts';
import { PlainFeatures } from './plain-features.ts';
import { PlainWalk } from './plain-walk.ts';

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

let shared: ExampleCursor | undefined;
let plain: PlainFeatures | undefined;

/**
 * Decodes a tf.train.Example: features by name. Bytes are views of the record, and so are floats that lie at a multiple of four bytes in its memory;
 * others, and integers, are copies, of which small ones share memory, as Node's Buffers do. An empty record is an Example without features.
 *
 * Every rule of protobuf holds: the last feature of a name counts, lists in several parts are joined, unknown fields are passed over.
 * Declared lengths are compared with what is there before anything is made of them.
 *
 * @throws RecordpipeError `malformed-example` with the name of the feature and the byte of the record
 * @example
 * ```ts
 * import { decodeExample, encodeExample } from 'recordpipe/messages';
 * const record = encodeExample({ label: { kind: 'int64', value: [3] }, weights: { kind: 'float', value: [0.5, 2] } });
 * const example = decodeExample(record, { int64: 'number' });
 * const weights = example.get('weights');
 * if (weights?.kind === 'float') console.log(example.get('label')?.value[0], weights.value.length); // 3 2
 * ```
 */
export function decodeExample<M extends Int64Mode = 'bigint'>(
  record: Uint8Array,
  options?: Partial<DecodeExampleOptions<M>>,
): Example<M> {
  if (!(record instanceof Uint8Array))
    throw new UsageError(`record: expected bytes (Uint8Array), got ${typeof record}`);
  const example = new Map<string, Feature>();
  plain ??= new PlainFeatures(new PlainWalk(new NameTable()));
  if (plain.read(record, example, decodeOptions(options).int64)) return example as Example<M>;
  example.clear();
  shared ??= new ExampleCursor();
  const cursor = shared;
  try {
    cursor.open(record, options);
    while (cursor.next()) example.set(cursor.name, cursor.feature());
  } finally {
    cursor.close();
  }
  return example as Example<M>;
}

/**
 * Decodes a tf.train.SequenceExample: its context, and by name one feature for each step. All that is said of {@link decodeExample} holds.
 *
 * @throws RecordpipeError `malformed-example` with the name of the feature and the byte of the record
 * @example
 * ```ts
 * import { decodeSequenceExample, encodeSequenceExample } from 'recordpipe/messages';
 * const record = encodeSequenceExample({
 *   context: { id: { kind: 'bytes', value: ['a'] } },
 *   featureLists: { tokens: [{ kind: 'int64', value: [5] }, { kind: 'int64', value: [6, 7] }] },
 * });
 * const { context, featureLists } = decodeSequenceExample(record);
 * console.log(context.size, featureLists.get('tokens')?.map(({ value }) => value.length)); // 1 [ 1, 2 ]
 * ```
 */
export function decodeSequenceExample<M extends Int64Mode = 'bigint'>(
  record: Uint8Array,
  options?: Partial<DecodeExampleOptions<M>>,
): SequenceExample<M> {
  shared ??= new ExampleCursor();
  const cursor = shared;
  const context = new Map<string, Feature>();
  const featureLists = new Map<string, Feature[]>();
  try {
    cursor.open(record, options);
    while (cursor.next()) context.set(cursor.name, cursor.feature());
    while (cursor.nextList()) {
      const steps: Feature[] = [];
      featureLists.set(cursor.name, steps);
      while (cursor.nextStep()) steps.push(cursor.feature());
    }
  } finally {
    cursor.close();
  }
  return { context, featureLists } as SequenceExample<M>;
}
