import type { CheckedFile } from '../../check/file-report.ts';
import type { DatasetStats } from '../../check/stats/dataset-stats.ts';
import { UsageError } from '../../errors.ts';
import type { Shard } from '../environment/shard-from-environment.ts';
import type { ShardPlan } from '../plan.ts';
import { checkShards } from '../shard.ts';

/** What becomes of a file of which something is written. */
export interface DoneFile {
  readonly uri: string;
  /** What was written; missing where nothing was. */
  readonly output?: string;
  readonly records?: number;
  /** Bytes of the output. */
  readonly bytes?: number;
  /** Why it could not be done. */
  readonly error?: { readonly code: string; readonly message: string };
}

/** What a shard found, by the command that ran. Nothing in it differs from run to run: a shard that is done again gives the same bytes. */
export interface ShardResults {
  readonly validate: { readonly files: readonly CheckedFile[] };
  readonly stats: DatasetStats;
  /** Of which the schema is made when all are there. */
  readonly schema: DatasetStats;
  readonly index: { readonly files: readonly DoneFile[] };
  readonly convert: { readonly files: readonly DoneFile[] };
}

export type ShardCommand = keyof ShardResults;

/** The options that decide what is found. */
export type ShardSettings = Readonly<Record<string, string | number | boolean>>;

/** What a shard found. */
export interface ShardPart<C extends ShardCommand = ShardCommand> {
  /** From 0 on. */
  readonly shard: number;
  readonly result: ShardResults[C];
}

/** The plan that a report is about. */
export interface PlanSummary {
  readonly hash: string;
  readonly files: number;
  readonly bytes: number;
}

/** What one shard, or several of them, found: what workers write and `mergeReports` merges. Fields may be added; `version` changes when one changes its meaning. */
export interface ShardReport<C extends ShardCommand = ShardCommand> {
  readonly recordpipe: 'shard-report';
  readonly version: 1;
  readonly command: C;
  readonly plan: PlanSummary;
  /** How many there are in all. */
  readonly shards: number;
  readonly settings: ShardSettings;
  /** Of the shards that are in it, by their numbers. */
  readonly parts: readonly ShardPart<C>[];
}

/**
 * The report of one shard.
 *
 * @param result what it found, of files in the order of the plan
 * @param settings the options that decide what is found: shards that ran with others are not merged
 * @throws UsageError for a shard that does not exist
 * @example see `mergeReports`
 */
export function shardReport<C extends ShardCommand>(
  command: C,
  { hash, files, bytes }: ShardPlan,
  { shard, shards }: Shard,
  result: ShardResults[C],
  settings: ShardSettings = {},
): ShardReport<C> {
  checkShards(shards);
  if (!(Number.isSafeInteger(shard) && shard >= 0 && shard < shards))
    throw new UsageError(`shard: expected an integer from 0 to ${shards - 1}, got ${shard}`);
  const entries = Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    recordpipe: 'shard-report',
    version: 1,
    command,
    plan: { hash, files: files.length, bytes },
    shards,
    settings: Object.fromEntries(entries),
    parts: [{ shard, result }],
  };
}

/** A name for the report that no other shard, plan or command has: `validate-0123456789ab-00003-of-00008.json`. */
export function reportName({ command, plan, shards, parts }: ShardReport): string {
  const number = (value: number): string => String(value).padStart(5, '0');
  return `${command}-${plan.hash.slice(0, 12)}-${parts.map(({ shard }) => number(shard)).join('-')}-of-${number(shards)}.json`;
}
