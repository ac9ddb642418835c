const PERCENT = Number(process.env['RECORDPIPE_SLOW_PERCENT'] ?? 100);

/**
 * Returns the number of random runs of a slow test to perform: all, or the percentage in
 * RECORDPIPE_SLOW_PERCENT.
 */
export function slowShare(runs: number): number {
  return Math.ceil((runs * PERCENT) / 100);
}
