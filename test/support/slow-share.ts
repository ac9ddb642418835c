const PERCENT = Number(process.env['RECORDPIPE_SLOW_PERCENT'] ?? 100);

/** Of so many random runs of a slow test, those that are to be done: all, or RECORDPIPE_SLOW_PERCENT hundredths. */
export function slowShare(runs: number): number {
  return Math.ceil((runs * PERCENT) / 100);
}
