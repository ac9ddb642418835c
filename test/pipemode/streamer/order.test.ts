import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { epochOrder } from '../../../src/pipemode/streamer/channel-content.ts';

const NO_SHARE = { share: undefined };

describe('the order of an epoch', () => {
  test('without a seed, the order is that of the listing', () => {
    expect([...epochOrder(5, 3, { seed: undefined, ...NO_SHARE })]).toEqual([0, 1, 2, 3, 4]);
    expect([...epochOrder(0, 0, { seed: 1, ...NO_SHARE })]).toEqual([]);
  });

  // These orders are guaranteed to be the same on every machine and in every version.
  test.each([
    [1, 0],
    [1, 1],
    [2, 0],
    [-1, 0],
    [2 ** 53 - 1, 7],
  ])('test vectors: seed %d, epoch %d', (seed, epoch) => {
    expect([...epochOrder(10, epoch, { seed, ...NO_SHARE })]).toMatchSnapshot();
  });

  test('is a reproducible permutation', () => {
    fc.assert(
      fc.property(fc.nat(300), fc.nat(50), fc.maxSafeInteger(), (count, epoch, seed) => {
        const order = epochOrder(count, epoch, { seed, ...NO_SHARE });
        expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: count }, (_, i) => i));
        expect(epochOrder(count, epoch, { seed, ...NO_SHARE })).toEqual(order);
      }),
    );
  });

  test('hosts receive disjoint shares of all items, in the common order', () => {
    fc.assert(
      fc.property(
        fc.nat(200),
        fc.nat(9),
        fc.option(fc.integer(), { nil: undefined }),
        fc.integer({ min: 1, max: 12 }),
        (count, epoch, seed, hosts) => {
          const whole = [...epochOrder(count, epoch, { seed, ...NO_SHARE })];
          const parts = Array.from({ length: hosts }, (_, rank) => [
            ...epochOrder(count, epoch, { seed, share: { rank, hosts } }),
          ]);
          expect(parts.flat().sort((a, b) => a - b)).toEqual([...whole].sort((a, b) => a - b));
          for (const [rank, part] of parts.entries())
            expect(part).toEqual(whole.filter((_, i) => i % hosts === rank));
          const sizes = parts.map(({ length }) => length);
          expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
        },
      ),
    );
  });
});
