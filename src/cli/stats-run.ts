import type { DatasetStats } from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import { INVALID, IO_FAILURE, OK } from './exit-codes.ts';
import { type InputSelection, noInputs } from './options/inputs.ts';
import type { AnyObjectOptions } from './options/objects.ts';
import type { PayloadOptions, ReadingOptions } from './options/reading.ts';
import { isSharded, type ShardOptions } from './options/reports.ts';
import type { ShardRun, ShardWork } from './shard-run.ts';

type Options = ReadingOptions &
  PayloadOptions &
  AnyObjectOptions &
  ShardOptions &
  InputSelection & { readonly quiet?: true };

/**
 * Returns the work of this process in a command that computes statistics; undefined if the command
 * is not sharded.
 */
export async function statsShard<C extends 'stats' | 'schema'>(
  command: C,
  inputs: string[],
  options: Options,
  settings: ShardWork<C>['settings'],
): Promise<ShardRun<C> | undefined> {
  if (inputs.length === 0 && options.plan === undefined) throw noInputs();
  if (!isSharded(options)) {
    if (options.report !== undefined)
      throw new UsageError(
        '--report: requires --shard or --plan; to print the statistics as JSON, pass --json',
      );
    return undefined;
  }
  const { settingsOf, shardRun } = await import('./shard-run.ts');
  const all = { ...settingsOf(options), ...settings };
  return shardRun({ command, inputs, format: options.format, parts: true, settings: all }, options);
}

/**
 * Writes the report of a shard and returns the exit code. If files could not be read, writes no
 * report, so that the shard is rerun.
 */
export async function finishStats(
  stats: DatasetStats,
  shard: ShardRun<'stats'> | ShardRun<'schema'> | undefined,
): Promise<number> {
  const unreadable = stats.files.some((file) => file.unreadable);
  if (shard !== undefined) {
    if (unreadable) return IO_FAILURE;
    await shard.write(stats);
  }
  if (stats.files.some((file) => file.findings > 0 && !file.unreadable)) return INVALID;
  return unreadable ? IO_FAILURE : OK;
}
