import { expectTypeOf, test } from 'vitest';
import {
  compileFeatures,
  type DenseColumn,
  encodeExample,
  fixedLen,
  fixedLenSequence,
  type RaggedColumn,
  ragged,
  type SparseColumn,
  sparse,
  varLen,
} from '../../../src/messages/index.ts';

test('types come from the specs', () => {
  const specs = {
    image: fixedLen([], 'bytes', ''),
    label: fixedLen([], 'int64', 0),
    box: fixedLen([4], 'float', [0, 0, 0, 0]),
    tags: varLen('bytes'),
    path: fixedLenSequence([2], 'float'),
    words: sparse('at', 'weight', 'float', 100),
    ids: ragged('int64'),
    name: fixedLen([], 'text', ''),
    names: ragged('text'),
  };
  const plan = compileFeatures(specs);
  const one = plan.parse(encodeExample({}));
  expectTypeOf(one.image).toEqualTypeOf<Uint8Array>();
  expectTypeOf(one.label).toEqualTypeOf<bigint>();
  expectTypeOf(one.box).toEqualTypeOf<Float32Array>();
  expectTypeOf(one.tags).toEqualTypeOf<Uint8Array[]>();
  expectTypeOf(one.path).toEqualTypeOf<Float32Array>();
  expectTypeOf(one.words).toEqualTypeOf<SparseColumn<Float32Array>>();
  expectTypeOf(one.ids).toEqualTypeOf<BigInt64Array>();
  expectTypeOf(one.name).toEqualTypeOf<string>();
  expectTypeOf(one.names).toEqualTypeOf<string[]>();

  const batch = plan.parseBatch([]);
  expectTypeOf(batch.image).toEqualTypeOf<DenseColumn<Uint8Array[]>>();
  expectTypeOf(batch.label).toEqualTypeOf<DenseColumn<BigInt64Array>>();
  expectTypeOf(batch.tags).toEqualTypeOf<SparseColumn<Uint8Array[]>>();
  expectTypeOf(batch.ids).toEqualTypeOf<RaggedColumn<BigInt64Array>>();

  const numbers = compileFeatures(
    { label: fixedLen([], 'int64'), ids: varLen('int64') },
    { int64: 'number' },
  );
  expectTypeOf(numbers.parse).returns.toEqualTypeOf<{ label: number; ids: Float64Array }>();
  expectTypeOf(numbers.parseBatch([]).ids).toEqualTypeOf<SparseColumn<Float64Array>>();

  // @ts-expect-error not a kind
  expectTypeOf(() => varLen('double')).toBeFunction();
  // @ts-expect-error a default of another kind
  expectTypeOf(() => fixedLen([], 'float', 'x')).toBeFunction();
  // @ts-expect-error a feature that is not in the plan
  expectTypeOf(() => one.missing).toBeFunction();
});
