/**
 * Percentage of a property's random runs that `npm test` performs, low enough to keep the suite
 * fast. The slow suite performs all runs.
 */
const PERCENT = Number(process.env['RECORDPIPE_RANDOM_PERCENT'] ?? 3);

/**
 * Whether properties perform all of their runs, as in the slow suite, so that rare cases also
 * occur.
 */
export const DOES_ALL_RUNS: boolean = PERCENT >= 100;

/**
 * Every `step`th of `items`, other ones in each turn; all of them in the slow suite. `step` turns
 * cover all items.
 */
export function everyNth<T>(items: readonly T[], step: number, turn: number): readonly T[] {
  return DOES_ALL_RUNS ? items : items.filter((_, i) => i % step === turn % step);
}

/** One of `items`, another one in each turn; all of them in the slow suite. */
export function someInTurn<T>(items: readonly T[], turn: number): readonly T[] {
  return DOES_ALL_RUNS ? items : [items[turn % items.length]];
}

/**
 * Returns the number of random runs to perform out of `whole` runs in the slow suite; at least 5.
 */
export function randomRuns(whole: number): number {
  return Math.min(whole, Math.max(5, Math.ceil((whole * PERCENT) / 100)));
}
