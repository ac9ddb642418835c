import { Dataset } from '../../src/dataset/index.ts';

/**
 * A step of a chain in the form written by test/counterparts/tensorflow_dataset.py: operator and
 * arguments.
 */
export type ChainStep = readonly [name: string, ...rest: unknown[]];

// biome-ignore lint/suspicious/noExplicitAny: a chain out of a file has no types
type Any = Dataset<any>;

const INNER: Record<string, (x: number) => Any> = {
  repeat: (x) => Dataset.from([x]).repeat(x),
  count: (x) => Dataset.range(10 * x, 10 * x + (x % 4)),
};

const range = (...bounds: number[]): Any => Dataset.range(...(bounds as [number]));

/** Returns a matrix whose elements are all `value`. */
function matrix([rows, columns]: readonly number[], value: number): number[][] {
  return Array.from({ length: rows }, () => new Array<number>(columns).fill(value));
}

// biome-ignore lint/suspicious/noExplicitAny: as above
const OPERATORS: Record<string, (dataset: Any, ...rest: any[]) => Any> = {
  range: (_, ...bounds) => range(...bounds),
  ragged: (_, lengths: number[]) => Dataset.from(lengths).map((n) => new Array<number>(n).fill(n)),
  ragged2: (_, shapes: number[][]) => Dataset.from(shapes.map((shape, i) => matrix(shape, i + 1))),
  take: (d, n) => d.take(n),
  skip: (d, n) => d.skip(n),
  repeat: (d, n) => d.repeat(n),
  shard: (d, n, i) => d.shard(n, i),
  batch: (d, n, dropRemainder = false) => d.batch(n, { dropRemainder }),
  unbatch: (d) => d.unbatch(),
  enumerate: (d, start) => d.enumerate(start),
  concatenate: (d, ...bounds) => d.concatenate(range(...bounds)),
  zip: (d, ...bounds) => Dataset.zip([d, range(...bounds)]),
  prefetch: (d, n) => d.prefetch(n),
  cache: (d) => d.cache(),
  odd: (d) => d.filter((x) => x % 2 === 1),
  square: (d) => d.map((x) => x * x),
  window: (d, size, shift, stride, dropRemainder) =>
    d.window(size, { shift, stride, dropRemainder }).flatMap((window) => window.batch(size)),
  interleave: (d, inner, cycleLength, blockLength) =>
    d.interleave(INNER[inner], { cycleLength, blockLength }),
  paddedBatch: (d, n, shape, value, dropRemainder = false) =>
    d.paddedBatch(n, { shape, value: value ?? undefined, dropRemainder }),
};

/** Builds the dataset that a chain describes. */
export function chained(chain: readonly ChainStep[]): Any {
  return chain.reduce(
    (dataset, [name, ...rest]) => OPERATORS[name](dataset, ...rest),
    undefined as unknown as Any,
  );
}
