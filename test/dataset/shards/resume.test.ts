import { copyFileSync, rmSync } from 'node:fs';
import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { withChecksum } from '../../../src/dataset/dataset-state.ts';
import { Dataset, type ShardsOptions } from '../../../src/dataset/index.ts';
import { encodeTFRecord } from '../../../src/formats/index.ts';
import { buildIndex } from '../../../src/records/indexes/index.ts';
import { concat } from '../../support/oracle-tfrecord.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { readSome } from '../read-some.ts';

const temp = tempDir();
const COUNTS = [40, 0, 1, 23, 90];
const TOTAL = COUNTS.reduce((sum, count) => sum + count, 0);
const text = (record: Uint8Array): string => new TextDecoder().decode(record);
let files: string[];

async function shard(name: string, texts: readonly string[]): Promise<string> {
  const records = texts.map((one) => encodeTFRecord(new TextEncoder().encode(one)));
  const file = temp.file(name, concat(records));
  await buildIndex(file, { overwrite: true });
  return file;
}

beforeAll(async () => {
  const texts = COUNTS.map((count, i) => Array.from({ length: count }, (_, k) => `${i}.${k}`));
  files = await Promise.all(texts.map((one, i) => shard(`${i}.tfrecord`, one)));
});

const orders: fc.Arbitrary<ShardsOptions> = fc.record(
  {
    order: fc.constantFrom('shuffled', 'sequential'),
    seed: fc.nat(),
    blockRecords: fc.integer({ min: 1, max: 30 }),
    groupBlocks: fc.integer({ min: 1, max: 60 }),
  },
  { requiredKeys: ['order', 'seed'] },
);
const shardsOf = (options: ShardsOptions): Dataset<string> => Dataset.shards(files, options).map(text);

test('a job that restarts with other numbers of workers loses and repeats nothing', async () => {
  const runs = fc.array(fc.tuple(fc.integer({ min: 1, max: 8 }), fc.nat(20)), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(orders, runs, async (options, restarts) => {
      const whole = await shardsOf(options).toArray();
      const received: string[] = [];
      for (const [workers, steps] of [...restarts, [3, TOTAL] as const]) {
        const start = received.length;
        const parts = await Promise.all(
          Array.from({ length: workers }, (_, worker) =>
            shardsOf({ ...options, worker, workers, start })
              .take(steps)
              .toArray(),
          ),
        );
        // The workers take steps together.
        const end = Math.min(TOTAL, start + steps * workers);
        const at = parts.map(() => 0);
        for (let position = start; position < end; position++)
          received.push(parts[position % workers][at[position % workers]++]);
        expect(parts.reduce((sum, part) => sum + part.length, 0)).toBe(end - start);
      }
      expect(received).toEqual(whole);
    }),
    { numRuns: randomRuns(150) },
  );
});

test('a state continues a share, and workers in step have equal states', async () => {
  await fc.assert(
    fc.asyncProperty(
      orders,
      fc.integer({ min: 1, max: 4 }),
      fc.array(fc.nat(30)),
      async (options, workers, stops) => {
        const of = (worker: number): Dataset<string[]> => shardsOf({ ...options, worker, workers }).batch(2);
        const whole = await of(workers - 1).toArray();
        let { elements, state } = await readSome(of(0), stops[0] ?? 0);
        elements = whole.slice(0, elements.length);
        for (const stop of stops.slice(1)) {
          const part = await readSome(of(workers - 1).resume(state), stop);
          elements.push(...part.elements);
          state = part.state;
        }
        elements.push(
          ...(await of(workers - 1)
            .resume(state)
            .toArray()),
        );
        expect(elements).toEqual(whole);
        expect(JSON.stringify(state).length).toBeLessThan(400);
      },
    ),
    { numRuns: randomRuns(150) },
  );
});

test('later iterations begin at the start', async () => {
  const options = { order: 'shuffled', seed: 2 } as const;
  const [first, second] = [
    await shardsOf(options).toArray(),
    await shardsOf({ ...options, epoch: 1 }).toArray(),
  ];
  expect(
    await shardsOf({ ...options, start: 100 })
      .repeat(2)
      .toArray(),
  ).toEqual([...first.slice(100), ...second]);
});

test('a seed that recordpipe chose is part of the state', async () => {
  const dataset = shardsOf({ order: 'shuffled' });
  const { elements, state } = await readSome(dataset, 50);
  const rest = await shardsOf({ order: 'shuffled' }).resume(state).toArray();
  expect(new Set([...elements, ...rest]).size).toBe(TOTAL);
});

test('a state of other files or options is an error', async () => {
  const options = { order: 'shuffled', seed: 2 } as const;
  const { state } = await readSome(shardsOf(options), 10);
  const resume = (names: string[], more: ShardsOptions = {}): Promise<unknown> =>
    (async () =>
      Dataset.shards(names, { ...options, ...more })
        .map(text)
        .resume(state)
        .toArray())();
  const cases: [() => Promise<unknown>, RegExp][] = [
    [() => resume(files.slice(1)), /found 4 shards instead of 5/],
    [() => resume([...files.slice(0, 4), files[3]]), /found 87 records in all shards instead of 154/],
    [() => resume([files[1], files[0], ...files.slice(2)]), /in a different order/],
    [() => resume(files, { seed: 3 }), /seed 3/],
    [() => resume(files, { workers: 2 }), /2 workers/],
    [() => resume(files, { epoch: 2 }), /epoch 2/],
  ];
  for (const [reading, message] of cases)
    await expect(reading()).rejects.toMatchObject({
      code: 'not-resumable',
      message: expect.stringMatching(message),
    });
  const changed = await shard('other.tfrecord', Array(23).fill('x.xx'));
  await expect(resume([...files.slice(0, 3), changed, files[4]])).rejects.toMatchObject({
    code: 'not-resumable',
  });
});

test('a state belongs to the contents of files, not to their places and times', async () => {
  const options = { order: 'shuffled', seed: 2 } as const;
  const whole = await shardsOf(options).toArray();
  const { state } = await readSome(shardsOf(options), 100);
  const copies = files.map((file, i) => {
    const copy = temp.file(`copy-${i}.tfrecord`);
    copyFileSync(file, copy);
    return copy;
  });
  // Without indexes, which only take longer to open.
  const moved = Dataset.shards(copies, { ...options, missing: 'memory' }).map(text);
  expect(await moved.resume(state).toArray()).toEqual(whole.slice(100));
  for (const copy of copies) rmSync(copy);
});

test('a resumed iteration keeps its blocks', async () => {
  const options = { order: 'shuffled', seed: 2 } as const;
  const blocks = { blockRecords: 7, groupBlocks: 4 };
  const whole = await shardsOf({ ...options, ...blocks }).toArray();
  // The state of an iteration over objects, whose blocks are larger than those of local files.
  const { state } = await readSome(shardsOf(options), 60);
  const json = JSON.stringify(state.position).replace(/1,1\]/, '7,4]');
  expect(JSON.stringify(state.position)).toMatch(/1,1\]/);
  const resumed = shardsOf(options).resume(withChecksum({ ...state, position: JSON.parse(json) }));
  expect(await resumed.toArray()).toEqual(whole.slice(60));
});

test('a malformed position is an error', async () => {
  const { state } = await readSome(shardsOf({ order: 'shuffled', seed: 2 }), 10);
  for (const position of [[], [1, 2], 'x', [-1, 5, 154, 1, 1, 1], [1, 5, 154, 1, 0, 1], 7]) {
    const resumed = Dataset.shards(files, { order: 'shuffled', seed: 2 }).map(text);
    const bad = withChecksum({ ...state, position });
    await expect((async () => resumed.resume(bad).toArray())()).rejects.toMatchObject({
      code: 'malformed-state',
    });
  }
});
