import { checkOptionNames } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import type { FeatureKind } from './feature.ts';

/**
 * Kind of values in a feature. `text` means UTF-8 bytes, decoded to strings; bytes that are not
 * valid UTF-8 are an error that names the feature.
 */
export type SpecKind = FeatureKind | 'text';

/** A default value. */
export type DefaultValue<K extends SpecKind = SpecKind> = K extends 'text'
  ? string
  : K extends 'bytes'
    ? Uint8Array | string
    : K extends 'float'
      ? number
      : number | bigint;

/** Spec of a feature with as many values in each record as the shape has. */
export interface FixedLenSpec<
  K extends SpecKind = SpecKind,
  S extends readonly number[] = readonly number[],
> {
  /** Kind of the spec. */
  readonly type: 'fixedLen';
  /** Type of the values. */
  readonly kind: K;
  /** Size of each dimension; empty for one value. */
  readonly shape: S;
  /** The values of a record without the feature. If there are none, such a record is an error. */
  readonly defaultValue?: DefaultValue<K> | readonly DefaultValue<K>[];
}

/** Spec of a feature with any number of values. */
export interface VarLenSpec<K extends SpecKind = SpecKind> {
  /** Kind of the spec. */
  readonly type: 'varLen';
  /** Type of the values. */
  readonly kind: K;
}

/**
 * Spec of a feature with any number of values, or of groups of a shape. In a batch, records are
 * padded to the longest one.
 */
export interface FixedLenSequenceSpec<K extends SpecKind = SpecKind> {
  /** Kind of the spec. */
  readonly type: 'fixedLenSequence';
  /** Type of the values. */
  readonly kind: K;
  /** Shape of each group of values; empty for single values. */
  readonly shape: readonly number[];
  /** The value that pads shorter records in a batch. */
  readonly defaultValue?: DefaultValue<K>;
}

/** Spec of the values of one feature at positions given by other features. */
export interface SparseSpec<K extends SpecKind = SpecKind> {
  /** Kind of the spec. */
  readonly type: 'sparse';
  /** Type of the values. */
  readonly kind: K;
  /** Names of the features with the indices, one per dimension. */
  readonly indexKeys: readonly string[];
  /** Name of the feature with the values. */
  readonly valueKey: string;
  /** Size of each dimension. */
  readonly sizes: readonly number[];
  /** Whether the indices of each record are in ascending order, so that they are not sorted. */
  readonly alreadySorted: boolean;
}

/** Spec of a feature with any number of values. A batch includes the splits between records. */
export interface RaggedSpec<K extends SpecKind = SpecKind> {
  /** Kind of the spec. */
  readonly type: 'ragged';
  /** Type of the values. */
  readonly kind: K;
  /** Name of the feature. Default: the name of the column. */
  readonly valueKey: string | undefined;
}

/** What to read from one feature. */
export type FeatureSpec = FixedLenSpec | VarLenSpec | FixedLenSequenceSpec | SparseSpec | RaggedSpec;

const KINDS: readonly unknown[] = ['bytes', 'text', 'float', 'int64'];
/** Maximum size of a dimension: indices are 32-bit numbers. */
const MAX_SIZE = 2 ** 31 - 1;

/**
 * Returns the spec of a feature with as many values in each record as `shape` has, in row-major
 * order; `[]` means one value. For a record without the feature, the default is used; if there is
 * no default, such a record is an error. Corresponds to TensorFlow's `FixedLenFeature`.
 *
 * @param defaultValue one value for each element of the shape; a single value does not need an
 *   array
 * @throws UsageError for an invalid shape, or a default with a different number of values
 * @example
 * ```ts
 * import { compileFeatures, encodeExample, fixedLen } from 'recordpipe/messages';
 * const plan = compileFeatures({ label: fixedLen([], 'int64'), weight: fixedLen([], 'float', 1) });
 * const { label, weight } = plan.parse(encodeExample({ label: { kind: 'int64', value: [3] } }));
 * console.log(label, weight); // 3n 1
 * ```
 */
export function fixedLen<const S extends readonly number[], K extends SpecKind>(
  shape: S,
  kind: K,
  defaultValue?: DefaultValue<K> | readonly DefaultValue<K>[],
): FixedLenSpec<K, S> {
  checkKind(kind);
  const size = sizeOfShape(shape);
  if (defaultValue === undefined) return { type: 'fixedLen', kind, shape };
  const count = Array.isArray(defaultValue) ? defaultValue.length : 1;
  if (count !== size)
    throw new UsageError(
      `defaultValue: expected ${size} values for shape [${shape.join(', ')}], got ${count}`,
    );
  return { type: 'fixedLen', kind, shape, defaultValue };
}

/**
 * Returns the spec of a feature with any number of values. A record without the feature has no
 * values. A batch of it is a sparse column. Corresponds to TensorFlow's `VarLenFeature`.
 *
 * @example
 * ```ts
 * import { compileFeatures, encodeExample, varLen } from 'recordpipe/messages';
 * const plan = compileFeatures({ ids: varLen('int64') }, { int64: 'number' });
 * const record = encodeExample({ ids: { kind: 'int64', value: [5, 6] } });
 * const { ids } = plan.parseBatch([record, encodeExample({}), record]);
 * console.log(ids.shape, ids.indices.join(), ids.values.join()); // [ 3, 2 ] 0,0,0,1,2,0,2,1 5,6,5,6
 * ```
 */
export function varLen<K extends SpecKind>(kind: K): VarLenSpec<K> {
  checkKind(kind);
  return { type: 'varLen', kind };
}

/**
 * Returns the spec of a feature with any number of values, or of groups with a `shape`. A batch of
 * it is a dense column, padded to the longest record with the default (0, or no bytes). Corresponds
 * to TensorFlow's `FixedLenSequenceFeature` with `allow_missing`.
 *
 * @example
 * ```ts
 * import { compileFeatures, encodeExample, fixedLenSequence } from 'recordpipe/messages';
 * const plan = compileFeatures({ xy: fixedLenSequence([2], 'float', -1) });
 * const { xy } = plan.parseBatch([encodeExample({ xy: { kind: 'float', value: [1, 2] } }), encodeExample({})]);
 * console.log(xy.shape, [...xy.values]); // [ 2, 1, 2 ] [ 1, 2, -1, -1 ]
 * ```
 */
export function fixedLenSequence<K extends SpecKind>(
  shape: readonly number[],
  kind: K,
  defaultValue?: DefaultValue<K>,
): FixedLenSequenceSpec<K> {
  checkKind(kind);
  if (sizeOfShape(shape) === 0) throw new UsageError('shape: expected at least one value, got none');
  return { type: 'fixedLenSequence', kind, shape, ...(defaultValue !== undefined && { defaultValue }) };
}

/** Options of {@link sparse}. */
export interface SparseSpecOptions {
  /** Whether the indices of each record are already sorted. Default false. */
  readonly alreadySorted?: boolean;
}

/**
 * Returns the spec of the values of the feature `valueKey` at the positions in the int64 features
 * `indexKey`, one feature per dimension of `size`. Values are sorted by position. Corresponds to
 * TensorFlow's `SparseFeature`, except that an index outside its size is an error.
 *
 * @throws UsageError if the number of sizes differs from the number of index keys, and for sizes
 *   beyond 2^31 - 1
 * @example
 * ```ts
 * import { compileFeatures, encodeExample, sparse } from 'recordpipe/messages';
 * const plan = compileFeatures({ words: sparse('at', 'weight', 'float', 100) });
 * const { words } = plan.parse(
 *   encodeExample({ at: { kind: 'int64', value: [70, 3] }, weight: { kind: 'float', value: [0.5, 2] } }),
 * );
 * console.log([...words.indices], [...words.values], words.shape); // [ 3, 70 ] [ 2, 0.5 ] [ 100 ]
 * ```
 */
export function sparse<K extends SpecKind>(
  indexKey: string | readonly string[],
  valueKey: string,
  kind: K,
  size: number | readonly number[],
  options: SparseSpecOptions = {},
): SparseSpec<K> {
  checkOptionNames('sparse', options, { alreadySorted: 0 });
  const { alreadySorted = false } = options;
  checkKind(kind);
  const indexKeys = typeof indexKey === 'string' ? [indexKey] : [...indexKey];
  const sizes = typeof size === 'number' ? [size] : [...size];
  if (indexKeys.length === 0 || indexKeys.length !== sizes.length)
    throw new UsageError(
      `size: expected one size for each of the ${indexKeys.length} index keys, got ${sizes.length}`,
    );
  for (const one of sizes) {
    if (!Number.isInteger(one) || one < 0 || one > MAX_SIZE)
      throw new UsageError(`size: expected integers from 0 to 2^31 - 1, got ${one}`);
  }
  return { type: 'sparse', kind, indexKeys, valueKey, sizes, alreadySorted };
}

/**
 * Returns the spec of a feature with any number of values. A batch of it holds all values, with the
 * position of the first value of each record. Corresponds to TensorFlow's `RaggedFeature` without
 * partitions.
 *
 * @param valueKey the name in the record, if it differs from the name in the result
 * @example
 * ```ts
 * import { compileFeatures, encodeExample, ragged } from 'recordpipe/messages';
 * const plan = compileFeatures({ ids: ragged('int64') }, { int64: 'number' });
 * const record = encodeExample({ ids: { kind: 'int64', value: [5, 6] } });
 * const { ids } = plan.parseBatch([record, encodeExample({}), record]);
 * console.log([...ids.rowSplits], [...ids.values]); // [ 0, 2, 2, 4 ] [ 5, 6, 5, 6 ]
 * ```
 */
export function ragged<K extends SpecKind>(kind: K, valueKey?: string): RaggedSpec<K> {
  checkKind(kind);
  return { type: 'ragged', kind, valueKey };
}

/** Returns the number of values of a shape. */
export function sizeOfShape(shape: readonly number[]): number {
  let size = 1;
  for (const dimension of shape) {
    if (!Number.isInteger(dimension) || dimension < 0)
      throw new UsageError(`shape: expected integers >= 0, got ${dimension}`);
    size *= dimension;
  }
  if (size > MAX_SIZE) throw new UsageError(`shape: expected at most 2^31 - 1 values, got ${size}`);
  return size;
}

function checkKind(kind: unknown): void {
  if (!KINDS.includes(kind))
    throw new UsageError(`kind: expected 'bytes', 'text', 'float' or 'int64', got ${String(kind)}`);
}

/** Type of integers in the result of a plan. */
export type PlanInt64 = 'bigint' | 'number';

/** Values of a kind. Bytes are views of the records. */
export type Values<K extends SpecKind, M extends PlanInt64> = K extends 'text'
  ? string[]
  : K extends 'bytes'
    ? Uint8Array[]
    : K extends 'float'
      ? Float32Array
      : M extends 'number'
        ? Float64Array
        : BigInt64Array;

/** One value of a kind. */
export type Value<K extends SpecKind, M extends PlanInt64> = K extends 'text'
  ? string
  : K extends 'bytes'
    ? Uint8Array
    : K extends 'float'
      ? number
      : M extends 'number'
        ? number
        : bigint;

/**
 * Values in row-major order. The first dimension is the number of records; the others are the shape
 * of the spec.
 */
export interface DenseColumn<V> {
  /** All values, one record after the other. */
  readonly values: V;
  /** Size of each dimension. */
  readonly shape: readonly number[];
}

/** Values with positions. The position of value `k` begins at `indices[k * shape.length]`. */
export interface SparseColumn<V> {
  /** Positions of the values, one index per dimension. */
  readonly indices: Int32Array;
  /** The values. */
  readonly values: V;
  /** Size of each dimension. */
  readonly shape: readonly number[];
}

/** Values of all records. The values of record `i` are [rowSplits[i], rowSplits[i + 1]). */
export interface RaggedColumn<V> {
  /** All values, one record after the other. */
  readonly values: V;
  /** Start of each record in `values`, and the end of the last one. */
  readonly rowSplits: Int32Array;
}

/** Result of a plan for a feature of one record. */
export type ParsedFeature<S extends FeatureSpec, M extends PlanInt64> =
  S extends FixedLenSpec<infer K, infer Shape>
    ? Shape extends readonly []
      ? Value<K, M>
      : Values<K, M>
    : S extends SparseSpec<infer K>
      ? SparseColumn<Values<K, M>>
      : S extends VarLenSpec<infer K> | FixedLenSequenceSpec<infer K> | RaggedSpec<infer K>
        ? Values<K, M>
        : never;

/** Result of a plan for a feature of a batch. */
export type ParsedColumn<S extends FeatureSpec, M extends PlanInt64> = S extends
  | FixedLenSpec<infer K>
  | FixedLenSequenceSpec<infer K>
  ? DenseColumn<Values<K, M>>
  : S extends VarLenSpec<infer K> | SparseSpec<infer K>
    ? SparseColumn<Values<K, M>>
    : S extends RaggedSpec<infer K>
      ? RaggedColumn<Values<K, M>>
      : never;

/** Specs of the features to read, by name. */
export type FeatureSpecs = { readonly [name: string]: FeatureSpec };

/** Result of a plan for one record. */
export type ParsedExample<S extends FeatureSpecs, M extends PlanInt64 = 'bigint'> = {
  -readonly [Name in keyof S]: ParsedFeature<S[Name], M>;
};

/** Result of a plan for a batch. */
export type ParsedBatch<S extends FeatureSpecs, M extends PlanInt64 = 'bigint'> = {
  -readonly [Name in keyof S]: ParsedColumn<S[Name], M>;
};
