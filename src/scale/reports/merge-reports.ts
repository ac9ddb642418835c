import { RecordpipeError, UsageError } from '../../errors.ts';
import { checkShards, shardList } from '../shard.ts';
import type { ShardCommand, ShardPart, ShardReport } from './shard-report.ts';

/**
 * The reports of all shards that are in any of them. Associative and commutative: whatever is merged first, and in whatever order, the outcome is the same JSON text. A
 * shard that is there twice, because it was run again, must have found the same twice.
 *
 * @param reports one or more
 * @throws UsageError for none
 * @throws RecordpipeError `report-mismatch` for reports of different plans, commands, numbers of shards or settings, and where two say different things of one shard
 * @example
 * ```ts
 * import { NO_STATS } from 'recordpipe/check';
 * import { mergeReports, missingShards, planShards, shardReport, totalReport } from 'recordpipe/scale';
 * const plan = await planShards([]);
 * const reports = [0, 1, 2].map((shard) => shardReport('stats', plan, { shard, shards: 3 }, NO_STATS));
 * console.log(missingShards(mergeReports([reports[2], reports[0]]))); // [ 1 ]
 * console.log(totalReport(mergeReports(reports)).ok); // true
 * ```
 */
export function mergeReports<C extends ShardCommand>(reports: Iterable<ShardReport<C>>): ShardReport<C> {
  let first: ShardReport<C> | undefined;
  const parts = new Map<number, ShardPart<C>>();
  for (const report of reports) {
    first ??= report;
    checkSame(first, report);
    for (const part of report.parts) {
      const known = parts.get(part.shard);
      if (known !== undefined && JSON.stringify(known) !== JSON.stringify(part))
        throw mismatch(
          `two reports of shard ${part.shard} say different things: what it read has changed, or was written by different versions; make a new plan and run all again`,
        );
      parts.set(part.shard, part);
    }
  }
  if (first === undefined) throw new UsageError('reports: expected one or more, got none');
  return { ...first, parts: [...parts.values()].sort((a, b) => a.shard - b.shard) };
}

/**
 * The shards that have no report, in ascending order.
 * @throws UsageError for more than 100,000 shards
 */
export function missingShards({ shards, parts }: Pick<ShardReport, 'shards' | 'parts'>): number[] {
  checkShards(shards);
  const there = new Set(parts.map(({ shard }) => shard));
  return Array.from({ length: shards }, (_, shard) => shard).filter((shard) => !there.has(shard));
}

/** @throws RecordpipeError `missing-shards`, which names them as engines take them */
export function checkComplete(shards: number, missing: readonly number[]): void {
  if (missing.length === 0) return;
  const text = `${missing.length} of ${shards} shards have no report; run these again: ${shardList(missing)}`;
  throw new RecordpipeError('missing-shards', text);
}

/** @throws RecordpipeError `report-mismatch` for reports of different runs */
export function checkSame(a: ShardReport, b: ShardReport): void {
  const differing = ASPECTS.find(([, of]) => of(a) !== of(b));
  if (differing === undefined) return;
  const [what, of] = differing;
  throw mismatch(`the reports are of different ${what}: ${of(a)} and ${of(b)}; merge those of one run alone`);
}

const ASPECTS: readonly (readonly [what: string, of: (report: ShardReport) => string])[] = [
  ['commands', ({ command }) => command],
  ['plans', ({ plan }) => plan.hash],
  ['numbers of shards', ({ shards }) => String(shards)],
  ['settings', ({ settings }) => JSON.stringify(settings)],
];

function mismatch(text: string): RecordpipeError {
  return new RecordpipeError('report-mismatch', text);
}
