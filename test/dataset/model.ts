import fc from 'fast-check';
import { Dataset } from '../../src/dataset/index.ts';

/**
 * The events in order: elements created by sources, function calls, and sources that ended or were
 * closed.
 */
export type Log = string[];

/**
 * An operator in two versions: recordpipe's, and a plain generator that works element by element.
 */
export interface Step {
  readonly name: string;
  ours(dataset: Dataset<number>, log: Log): Dataset<number>;
  plain(source: Iterable<number>, log: Log): Iterable<number>;
}

export class Planned extends Error {}

/** Numbers from 0. If `failAt` is set, the source fails at that number. */
export interface SourcePlan {
  readonly length: number;
  readonly failAt: number | undefined;
  readonly kind: 'sync' | 'async' | 'slow' | 'late' | 'range';
}

export function* plainSource({ length, failAt }: SourcePlan, log: Log, name = 's'): Generator<number> {
  let open = true;
  try {
    for (let i = 0; i < length; i++) {
      log.push(`${name}${i}`);
      if (i === failAt) {
        open = false;
        throw new Planned(`${name}${i}`);
      }
      yield i;
    }
    open = false;
    log.push(`${name} end`);
  } finally {
    if (open) log.push(`${name} closed`);
  }
}

async function* asyncSource(plan: SourcePlan, log: Log): AsyncGenerator<number> {
  for (const number of plainSource(plan, log)) {
    if (plan.kind === 'slow' && number % 3 === 0) await new Promise((resolve) => setImmediate(resolve));
    yield number;
  }
}

export function ourSource(plan: SourcePlan, log: Log): Dataset<number> {
  if (plan.kind === 'range' && plan.failAt === undefined) return Dataset.range(plan.length);
  if (plan.kind === 'sync') return Dataset.from(() => plainSource(plan, log));
  if (plan.kind === 'late') return Dataset.from(async () => asyncSource(plan, log));
  return Dataset.from(() => asyncSource(plan, log));
}

export const sourcePlan: fc.Arbitrary<SourcePlan> = fc.record({
  length: fc.nat(30),
  failAt: fc.option(fc.nat(40), { nil: undefined, freq: 3 }),
  kind: fc.constantFrom('sync', 'async', 'slow', 'late'),
});

/** Sources, including those whose elements can be skipped without being created. */
export const anySource: fc.Arbitrary<SourcePlan> = fc.oneof(
  sourcePlan,
  fc.record({ length: fc.nat(30), failAt: fc.constant(undefined), kind: fc.constant('range') }),
);

/** Yields the elements of `source` until it fails, then `rest`, and then throws the failure. */
function* untilFailure<T>(
  source: Iterable<number>,
  each: (n: number) => Iterable<T>,
  rest: () => Iterable<T>,
): Generator<T> {
  const iterator = source[Symbol.iterator]();
  let open = true;
  let failure: unknown;
  try {
    for (;;) {
      let step: IteratorResult<number>;
      try {
        step = iterator.next();
      } catch (error) {
        failure = error;
        open = false;
        break;
      }
      if (step.done) {
        open = false;
        break;
      }
      yield* each(step.value);
    }
    yield* rest();
    if (failure !== undefined) throw failure;
  } finally {
    if (open) iterator.return?.();
  }
}

function batched(source: Iterable<number>, size: number, drop: boolean): Iterable<number[]> {
  let batch: number[] = [];
  return untilFailure(
    source,
    function* (n) {
      batch.push(n);
      if (batch.length < size) return;
      const full = batch;
      batch = [];
      yield full;
    },
    function* () {
      if (batch.length > 0 && !drop) yield batch;
    },
  );
}

function* interleaved(
  source: Iterable<number>,
  inner: (n: number) => Iterable<number>,
  cycle: number,
  block: number,
): Generator<number> {
  const inputs = source[Symbol.iterator]();
  const slots: (Iterator<number> | undefined)[] = new Array(cycle).fill(undefined);
  let inputsOpen = true;
  let failed: Iterator<number> | undefined;
  try {
    for (let slot = 0; inputsOpen || slots.some((one) => one !== undefined); slot = (slot + 1) % cycle) {
      if (slots[slot] === undefined && inputsOpen) {
        inputsOpen = false; // In case the next line throws.
        const { done, value } = inputs.next();
        inputsOpen = !done;
        if (!done) slots[slot] = inner(value)[Symbol.iterator]();
      }
      for (let i = 0; i < block && slots[slot] !== undefined; i++) {
        failed = slots[slot];
        const { done, value } = slots[slot]!.next();
        failed = undefined;
        if (done) slots[slot] = undefined;
        else yield value;
      }
    }
  } finally {
    for (const slot of slots) if (slot !== failed) slot?.return?.();
    if (inputsOpen) inputs.return?.();
  }
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, n) => total + n, 0);
const small = fc.integer({ min: 1, max: 5 });

function call(log: Log, name: string, n: number): void {
  log.push(`${name} ${n}`);
}

/** Operators that request no element before they need it. */
const lazy: fc.Arbitrary<Step>[] = [
  fc.tuple(fc.boolean(), fc.option(fc.nat(60), { nil: undefined })).map(([async, failAt]): Step => {
    const double = (log: Log) => (n: number) => {
      call(log, 'map', n);
      if (n === failAt) throw new Planned(`map ${n}`);
      return 2 * n;
    };
    return {
      name: `map(${async}, ${failAt})`,
      ours: (d, log) => {
        const map = double(log);
        return d.map(async ? async (n) => map(n) : map);
      },
      *plain(source, log) {
        for (const n of source) yield double(log)(n);
      },
    };
  }),
  fc.tuple(small, fc.boolean()).map(([modulo, async]): Step => {
    const test = (log: Log) => (n: number) => {
      call(log, 'filter', n);
      return n % modulo === 0;
    };
    return {
      name: `filter(${modulo}, ${async})`,
      ours: (d, log) => {
        const yes = test(log);
        return d.filter(async ? async (n) => yes(n) : yes);
      },
      *plain(source, log) {
        for (const n of source) if (test(log)(n)) yield n;
      },
    };
  }),
  fc.tuple(small, fc.boolean()).map(
    ([size, dropRemainder]): Step => ({
      name: `batch(${size}, ${dropRemainder})`,
      ours: (d) => d.batch(size, { dropRemainder }).map(sum),
      *plain(source) {
        for (const batch of batched(source, size, dropRemainder)) yield sum(batch);
      },
    }),
  ),
  small.map(
    (size): Step => ({
      name: `batch(${size}).unbatch`,
      ours: (d) => d.batch(size).unbatch(),
      *plain(source) {
        for (const batch of batched(source, size, false)) yield* batch;
      },
    }),
  ),
  fc.nat(20).map(
    (count): Step => ({
      name: `take(${count})`,
      ours: (d) => d.take(count),
      *plain(source) {
        if (count === 0) return;
        let taken = 0;
        for (const n of source) {
          yield n;
          if (++taken === count) return;
        }
      },
    }),
  ),
  fc.nat(10).map(
    (count): Step => ({
      name: `skip(${count})`,
      ours: (d) => d.skip(count),
      *plain(source) {
        let skipped = 0;
        for (const n of source) if (skipped++ >= count) yield n;
      },
    }),
  ),
  fc.nat(3).map(
    (times): Step => ({
      name: `repeat(${times})`,
      ours: (d) => d.repeat(times),
      *plain(source) {
        for (let i = 0; i < times; i++) yield* source;
      },
    }),
  ),
  fc.tuple(small, fc.nat()).map(
    ([shards, any]): Step => ({
      name: `shard(${shards}, ${any % shards})`,
      ours: (d) => d.shard(shards, any % shards),
      *plain(source) {
        let at = 0;
        for (const n of source) if (at++ % shards === any % shards) yield n;
      },
    }),
  ),
  fc.nat(5).map(
    (length): Step => ({
      name: `concatenate(${length})`,
      ours: (d, log) => d.concatenate(ourSource({ length, failAt: undefined, kind: 'slow' }, log)),
      *plain(source, log) {
        yield* source;
        yield* plainSource({ length, failAt: undefined, kind: 'slow' }, log);
      },
    }),
  ),
  fc.nat(20).map(
    (length): Step => ({
      name: `zip(${length})`,
      ours: (d) => Dataset.zip([d, Dataset.range(length)]).map(([a, b]) => 100 * a + b),
      *plain(source) {
        let at = 0;
        for (const n of source) {
          if (at === length) return;
          yield 100 * n + at++;
        }
      },
    }),
  ),
  fc.tuple(small, small, fc.boolean()).map(([cycleLength, blockLength, slow]): Step => {
    const plan = (n: number): SourcePlan => ({
      length: n % 5,
      failAt: undefined,
      kind: slow ? 'slow' : 'sync',
    });
    return {
      name: `interleave(${cycleLength}, ${blockLength}, ${slow})`,
      ours: (d, log) => d.interleave((n) => ourSource(plan(n), log), { cycleLength, blockLength }),
      plain: (source, log) => interleaved(source, (n) => plainSource(plan(n), log), cycleLength, blockLength),
    };
  }),
  fc.constant<Step>({
    name: 'enumerate',
    ours: (d) => d.enumerate(5).map(([i, n]) => 1000 * i + n),
    *plain(source) {
      let at = 5;
      for (const n of source) yield 1000 * at++ + n;
    },
  }),
  fc.constant<Step>({
    name: 'withProgress',
    ours: (d) => d.withProgress(() => {}),
    plain: (source) => source,
  }),
];

/** Operators that read ahead, or that do not read their source again. */
const ahead: fc.Arbitrary<Step>[] = [
  fc.constant<Step>({
    name: 'cache',
    ours: (d) => d.cache(),
    plain: (source) => source,
  }),
  fc.integer({ min: -1, max: 5 }).map(
    (count): Step => ({
      name: `prefetch(${count})`,
      ours: (d) => d.prefetch(count),
      plain: (source) => source,
    }),
  ),
  small.map(
    (parallel): Step => ({
      name: `map(parallel ${parallel})`,
      ours: (d) =>
        d.map(
          async (n) => {
            if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve, n % 2));
            return n + 1;
          },
          { parallel },
        ),
      *plain(source) {
        for (const n of source) yield n + 1;
      },
    }),
  ),
  fc.tuple(small, small, fc.boolean()).map(
    ([size, shift, dropRemainder]): Step => ({
      name: `window(${size}, ${shift}, ${dropRemainder})`,
      ours: (d) => d.window(size, { shift, dropRemainder }).flatMap((window) => window.batch(size).map(sum)),
      plain: (source) => {
        const all: number[] = [];
        return untilFailure<number>(
          source,
          // biome-ignore lint/correctness/useYield: elements are only gathered
          function* (n) {
            all.push(n);
          },
          function* () {
            for (let at = 0; at < all.length; at += shift) {
              const window = all.slice(at, at + size);
              if (window.length === size || !dropRemainder) yield sum(window);
            }
          },
        );
      },
    }),
  ),
];

export const lazySteps: fc.Arbitrary<Step[]> = fc.array(fc.oneof(...lazy), { maxLength: 5 });
export const anySteps: fc.Arbitrary<Step[]> = fc.array(fc.oneof(...lazy, ...ahead), { maxLength: 5 });

/**
 * Returns the chain built from recordpipe's operators and from plain generators, each with its own
 * log.
 */
export function both(
  plan: SourcePlan,
  steps: readonly Step[],
): { ours: Dataset<number>; ourLog: Log; plain: Iterable<number>; plainLog: Log } {
  const ourLog: Log = [];
  const plainLog: Log = [];
  const ours = steps.reduce((dataset, step) => step.ours(dataset, ourLog), ourSource(plan, ourLog));
  const source: Iterable<number> = { [Symbol.iterator]: () => plainSource(plan, plainLog) };
  const plain = steps.reduce<Iterable<number>>(
    (elements, step) => ({ [Symbol.iterator]: () => step.plain(elements, plainLog)[Symbol.iterator]() }),
    source,
  );
  return { ours, ourLog, plain, plainLog };
}
