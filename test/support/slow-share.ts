const PERCENT = Number(process.env['RECORDPIPE_SLOW_PERCENT'] ?? 100);

/** Number of random runs of a slow test to do: all, or the percentage RECORDPIPE_SLOW_PERCENT. */
export function slowShare(runs: number): number {
  return Math.ceil((runs * PERCENT) / 100);
}
