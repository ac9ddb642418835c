/**
 * Percentage of the random runs of a property in `npm test`, few enough to keep the suite fast. The
 * slow suite does all runs.
 */
const PERCENT = Number(process.env['RECORDPIPE_RANDOM_PERCENT'] ?? 10);

/** Whether properties do all of their runs, as in the slow suite, so that rare cases occur too. */
export const DOES_ALL_RUNS: boolean = PERCENT >= 100;

/** One of `items`, another one in each turn; all of them in the slow suite. */
export function someInTurn<T>(items: readonly T[], turn: number): readonly T[] {
  return DOES_ALL_RUNS ? items : [items[turn % items.length]];
}

/** Number of random runs out of `whole` runs in the slow suite; at least 10. */
export function randomRuns(whole: number): number {
  return Math.min(whole, Math.max(10, Math.ceil((whole * PERCENT) / 100)));
}
