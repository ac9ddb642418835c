/**
 * Random runs of a property in `npm test`, as a percentage: few enough that the suite stays fast.
 * The slow suite runs the same properties whole.
 */
const PERCENT = Number(process.env['RECORDPIPE_RANDOM_PERCENT'] ?? 10);

/** Number of random runs to do, of `whole` in the slow suite; at least 10. */
export function randomRuns(whole: number): number {
  return Math.min(whole, Math.max(10, Math.ceil((whole * PERCENT) / 100)));
}
