import type { FeatureKind } from './feature.ts';
import type {
  FeatureSpec,
  FixedLenSequenceSpec,
  FixedLenSpec,
  RaggedSpec,
  SparseSpec,
  VarLenSpec,
} from './feature-specs.ts';

/** How a plan gives integers. */
export type PlanInt64 = 'bigint' | 'number';

/** Values of a kind, one after another. Bytes are views of the records. */
export type Values<K extends FeatureKind, M extends PlanInt64> = K extends 'bytes'
  ? Uint8Array[]
  : K extends 'float'
    ? Float32Array
    : M extends 'number'
      ? Float64Array
      : BigInt64Array;

/** One value of a kind. */
export type Value<K extends FeatureKind, M extends PlanInt64> = K extends 'bytes'
  ? Uint8Array
  : K extends 'float'
    ? number
    : M extends 'number'
      ? number
      : bigint;

/** Values in rows: `shape[0]` records, and behind it what the spec says. */
export interface DenseColumn<V> {
  readonly values: V;
  readonly shape: readonly number[];
}

/** Values at places: of value `k` they are `indices[k * shape.length]` and what follows. */
export interface SparseColumn<V> {
  readonly indices: Int32Array;
  readonly values: V;
  readonly shape: readonly number[];
}

/** Values of all records: those of record `i` from `rowSplits[i]` to `rowSplits[i + 1]`. */
export interface RaggedColumn<V> {
  readonly values: V;
  readonly rowSplits: Int32Array;
}

/** What a plan makes of a feature of one record. */
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

/** What a plan makes of a feature of a batch. */
export type ParsedColumn<S extends FeatureSpec, M extends PlanInt64> = S extends
  | FixedLenSpec<infer K>
  | FixedLenSequenceSpec<infer K>
  ? DenseColumn<Values<K, M>>
  : S extends VarLenSpec<infer K> | SparseSpec<infer K>
    ? SparseColumn<Values<K, M>>
    : S extends RaggedSpec<infer K>
      ? RaggedColumn<Values<K, M>>
      : never;

/** What is wanted, by name. */
export type FeatureSpecs = { readonly [name: string]: FeatureSpec };

/** A record as a plan gives it. */
export type ParsedExample<S extends FeatureSpecs, M extends PlanInt64 = 'bigint'> = {
  -readonly [Name in keyof S]: ParsedFeature<S[Name], M>;
};

/** A batch as a plan gives it. */
export type ParsedBatch<S extends FeatureSpecs, M extends PlanInt64 = 'bigint'> = {
  -readonly [Name in keyof S]: ParsedColumn<S[Name], M>;
};
