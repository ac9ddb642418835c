import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GlobalOrder, type OrderPlan } from '../../../src/dataset/shards/global-order.ts';
import { randomRuns } from '../../support/random-runs.ts';

/** Returns `[shard, record]` of each position, group by group. */
function recordsOf(order: GlobalOrder, blockRecords: number): [number, number][] {
  const records: [number, number][] = [];
  for (let number = 0; number < order.groups; number++) {
    const { start, blocks, order: slots } = order.group(number);
    expect(start).toBe(records.length);
    const count = blocks.reduce((sum, block) => sum + block.count, 0);
    expect([order.groupOf(start), order.groupOf(start + count - 1)]).toEqual([number, number]);
    for (let i = 0; i < count; i++) {
      const slot = slots === undefined ? i : slots[i];
      const block = blocks[Math.floor(slot / blockRecords)];
      records.push([block.shard, block.first + (slot % blockRecords)]);
    }
  }
  return records;
}

const counts = fc.array(fc.oneof(fc.nat(3), fc.nat(200)), { maxLength: 12 });
const plans: fc.Arbitrary<OrderPlan> = fc.record({
  shuffled: fc.boolean(),
  seed: fc.maxSafeInteger(),
  epoch: fc.nat(3),
  blockRecords: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 50 })),
  groupBlocks: fc.integer({ min: 1, max: 60 }),
});

test('every record has exactly one position', () => {
  fc.assert(
    fc.property(counts, plans, (sizes, plan) => {
      const order = new GlobalOrder(sizes, plan.shuffled ? plan : { ...plan, groupBlocks: 1 });
      const records = recordsOf(order, plan.blockRecords);
      const all = sizes.flatMap((size, shard) => Array.from({ length: size }, (_, i) => [shard, i]));
      expect(order.length).toBe(all.length);
      if (plan.shuffled) records.sort(([a, i], [b, k]) => a - b || i - k);
      expect(records).toEqual(all);
    }),
    { numRuns: randomRuns(1000) },
  );
});

test('workers whose number divides 24 share no block', () => {
  const plan = { shuffled: true, seed: 5, epoch: 0, blockRecords: 10, groupBlocks: 48 };
  const order = new GlobalOrder([4800, 4800], plan);
  for (const workers of [2, 3, 4, 6, 8, 12, 24]) {
    for (let number = 0; number < order.groups; number++) {
      const { start, order: slots } = order.group(number);
      const workerOf = new Map<number, number>();
      slots!.forEach((slot, i) => {
        const block = Math.floor(slot / 10);
        const worker = (start + i) % workers;
        workerOf.set(block, workerOf.has(block) && workerOf.get(block) !== worker ? -1 : worker);
      });
      expect([...workerOf.values()]).not.toContain(-1);
    }
  }
});

test('the order of a billion records needs no memory per record', () => {
  const sizes = Array.from({ length: 1000 }, (_, i) => 1_000_000 + (i % 7));
  const before = process.memoryUsage();
  for (const [blockRecords, groupBlocks] of [
    [1, 1],
    [1000, 48],
  ]) {
    const order = new GlobalOrder(sizes, { shuffled: true, seed: 1, epoch: 0, blockRecords, groupBlocks });
    expect(order.length).toBe(sizes.reduce((sum, size) => sum + size, 0));
    const { start, blocks } = order.group(order.groupOf(987_654_321));
    expect(start <= 987_654_321 && start + blockRecords * groupBlocks > 987_654_321).toBe(true);
    expect(blocks).toHaveLength(groupBlocks);
  }
  const after = process.memoryUsage();
  expect(after.heapUsed + after.external - before.heapUsed - before.external).toBeLessThan(32 * 2 ** 20);
});
