import { expectTypeOf, test } from 'vitest';
import { Dataset, type DatasetIterator } from '../../src/dataset/index.ts';

test('types are inferred through chains', () => {
  const numbers = Dataset.range(10);
  expectTypeOf(numbers).toEqualTypeOf<Dataset<number>>();
  expectTypeOf(numbers.map(String)).toEqualTypeOf<Dataset<string>>();
  expectTypeOf(numbers.map(async (n) => ({ n }))).toEqualTypeOf<Dataset<{ n: number }>>();
  expectTypeOf(numbers.batch(2)).toEqualTypeOf<Dataset<number[]>>();
  expectTypeOf(numbers.batch(2).unbatch()).toEqualTypeOf<Dataset<number>>();
  expectTypeOf(numbers.enumerate()).toEqualTypeOf<Dataset<[number, number]>>();
  expectTypeOf(numbers.window(2)).toEqualTypeOf<Dataset<Dataset<number>>>();
  expectTypeOf(numbers.window(2).flatMap((w) => w.batch(2))).toEqualTypeOf<Dataset<number[]>>();
  expectTypeOf(numbers.interleave((n) => [String(n)])).toEqualTypeOf<Dataset<string>>();
  expectTypeOf(
    numbers.flatMap(async function* (n) {
      yield n > 1;
    } as (n: number) => AsyncGenerator<boolean>),
  ).toEqualTypeOf<Dataset<boolean>>();
  expectTypeOf(numbers.shuffle(2).repeat().take(1).skip(1).shard(2, 1).prefetch(1).cache()).toEqualTypeOf<
    Dataset<number>
  >();
  expectTypeOf(numbers.concatenate(numbers)).toEqualTypeOf<Dataset<number>>();
  expectTypeOf(numbers.concatenate(Dataset.from(['a']))).toEqualTypeOf<Dataset<number | string>>();
  expectTypeOf(numbers.mapInWorkers<string>('/x.js')).toEqualTypeOf<Dataset<string>>();
});

test('filters narrow', () => {
  const mixed = Dataset.from<number | string>([1, 'a']);
  expectTypeOf(mixed.filter((x) => typeof x === 'string')).toEqualTypeOf<Dataset<string>>();
  expectTypeOf(mixed.filter((x) => x !== 1)).toEqualTypeOf<Dataset<number | string>>();
  expectTypeOf(mixed.filter(async () => true)).toEqualTypeOf<Dataset<number | string>>();
});

test('zips are typed as tuples or objects', () => {
  const a = Dataset.range(3);
  const b = Dataset.from(['x']);
  expectTypeOf(Dataset.zip([a, b])).toEqualTypeOf<Dataset<[number, string]>>();
  expectTypeOf(Dataset.zip({ a, b })).toEqualTypeOf<Dataset<{ a: number; b: string }>>();
});

test('sources', () => {
  expectTypeOf(Dataset.from([1, 2])).toEqualTypeOf<Dataset<number>>();
  expectTypeOf(Dataset.from(new Set(['a']))).toEqualTypeOf<Dataset<string>>();
  expectTypeOf(Dataset.from(() => [1n])).toEqualTypeOf<Dataset<bigint>>();
  expectTypeOf(Dataset.from(async () => [1])).toEqualTypeOf<Dataset<number>>();
  expectTypeOf(
    Dataset.from(async function* () {
      yield true;
    }),
  ).toEqualTypeOf<Dataset<boolean>>();
  expectTypeOf(Dataset.records('x')).toEqualTypeOf<Dataset<Uint8Array>>();
  expectTypeOf(Dataset.files('*')).toEqualTypeOf<Dataset<string | URL>>();
});

test('ends with its source', () => {
  const numbers = Dataset.range(10);
  expectTypeOf(numbers.toArray).returns.resolves.toEqualTypeOf<number[]>();
  expectTypeOf(numbers.first).returns.resolves.toEqualTypeOf<number | undefined>();
  expectTypeOf(numbers.reduce('', (text, n) => text + n)).resolves.toEqualTypeOf<string>();
  expectTypeOf(numbers.iterate()).toEqualTypeOf<DatasetIterator<number>>();
  expectTypeOf(numbers.toReadableStream()).toEqualTypeOf<ReadableStream<number>>();
});

test('rejects elements that cannot be padded', () => {
  // @ts-expect-error numbers are not iterable
  const unbatched = (): unknown => Dataset.range(3).unbatch();
  // @ts-expect-error functions cannot be padded
  const functions = (): unknown => Dataset.from([() => 1]).paddedBatch(2);
  // @ts-expect-error not a predicate
  const text = (): unknown => Dataset.range(3).filter(() => 'yes');
  expectTypeOf([unbatched, functions, text]).toBeArray();
  expectTypeOf(Dataset.from([{ x: [1], y: new Float32Array(1) }]).paddedBatch(2)).toEqualTypeOf<
    Dataset<{ x: number[]; y: Float32Array<ArrayBuffer> }[]>
  >();
});

test('a dataset is assignable to a dataset of a wider type', () => {
  expectTypeOf<Dataset<number>>().toExtend<Dataset<number | string>>();
  expectTypeOf<Dataset<number[]>>().toExtend<Dataset<Iterable<number>>>();
});
