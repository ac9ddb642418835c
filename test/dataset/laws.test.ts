import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Dataset } from '../../src/dataset/index.ts';
import { randomRuns } from '../support/random-runs.ts';
import { anySource, anySteps, both, lazySteps, Planned, sourcePlan } from './model.ts';

interface Outcome {
  readonly elements: readonly number[];
  readonly error: string | undefined;
}

function messageOf(error: unknown): string {
  if (!(error instanceof Planned)) throw error;
  return error.message;
}

/** Returns the first `most` elements of plain generators, which are then closed. */
function plainly(source: Iterable<number>, most = Number.POSITIVE_INFINITY): Outcome {
  const elements: number[] = [];
  try {
    if (most > 0)
      for (const n of source) {
        elements.push(n);
        if (elements.length === most) break;
      }
    return { elements, error: undefined };
  } catch (error) {
    return { elements, error: messageOf(error) };
  }
}

async function ourselves(source: AsyncIterable<number>, most = Number.POSITIVE_INFINITY): Promise<Outcome> {
  const elements: number[] = [];
  try {
    if (most > 0)
      for await (const n of source) {
        elements.push(n);
        if (elements.length === most) break;
      }
    return { elements, error: undefined };
  } catch (error) {
    return { elements, error: messageOf(error) };
  }
}

async function gathered(dataset: Dataset<number>): Promise<Outcome> {
  const elements: number[] = [];
  try {
    await dataset.forEach((n) => {
      elements.push(n);
    });
    return { elements, error: undefined };
  } catch (error) {
    return { elements, error: messageOf(error) };
  }
}

const RUNS = { numRuns: randomRuns(400) };

test('chains yield the elements of plain generators, then the same error, in each iteration', async () => {
  await fc.assert(
    fc.asyncProperty(anySource, anySteps, async (plan, steps) => {
      const { ours, plain } = both(plan, steps);
      const expected = plainly(plain);
      expect(await ourselves(ours)).toEqual(expected);
      expect(await ourselves(ours)).toEqual(expected);
      expect(await gathered(ours)).toEqual(expected);
    }),
    RUNS,
  );
});

test('an interrupted chain requests, calls and closes exactly what plain generators do', async () => {
  await fc.assert(
    fc.asyncProperty(sourcePlan, lazySteps, fc.nat(12), async (plan, steps, most) => {
      const { ours, ourLog, plain, plainLog } = both(plan, steps);
      const expected = plainly(plain, most);
      expect(await ourselves(ours, most)).toEqual(expected);
      // Several sources may be closed in a different order.
      const closed = (line: string): boolean => line.endsWith('closed');
      expect(ourLog.filter((line) => !closed(line))).toEqual(plainLog.filter((line) => !closed(line)));
      expect(ourLog.filter(closed)).toEqual(plainLog.filter(closed));
    }),
    { ...RUNS, numRuns: randomRuns(600) },
  );
});

test('concurrent calls of next resolve in order', async () => {
  await fc.assert(
    fc.asyncProperty(anySource, anySteps, async (plan, steps) => {
      const { ours, plain } = both({ ...plan, failAt: undefined }, steps);
      const expected = plainly(plain);
      const iterator = ours[Symbol.asyncIterator]();
      const calls = Array.from({ length: 40 }, () => iterator.next().catch(() => undefined));
      const answers = await Promise.all(calls);
      const elements = answers.flatMap((answer) =>
        answer === undefined || answer.done ? [] : [answer.value],
      );
      expect(elements).toEqual(expected.elements.slice(0, 40));
      await iterator.return();
    }),
    { numRuns: randomRuns(150) },
  );
});

test('a web stream yields the same elements', async () => {
  await fc.assert(
    fc.asyncProperty(anySource, anySteps, async (plan, steps) => {
      const { ours, plain } = both({ ...plan, failAt: undefined }, steps);
      const expected = plainly(plain);
      expect(await ourselves(ours.toReadableStream())).toEqual(expected);
      if (expected.error === undefined) expect(await ours.count()).toBe(expected.elements.length);
    }),
    { numRuns: randomRuns(100) },
  );
});
