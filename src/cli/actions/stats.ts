import { collectStats, type DatasetStats, expandInputs, type KnownFile, statsHtml } from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import { INVALID, IO_FAILURE, OK } from '../exit-codes.ts';
import { FeatureChoice } from '../feature-choice.ts';
import { type InputCommandOptions, inputOptionsOf, quietly } from '../input-options.ts';
import { interruption } from '../interrupt.ts';
import { type CommonOptions, type PayloadOptions, readingOptions } from '../options.ts';
import { complain, print, say } from '../output.ts';
import { progressOn } from '../progress.ts';
import { reachingOf } from '../reaching.ts';
import { checkReplaceable, checkReportFolder, refuseReportOn, writeReport } from '../report-file.ts';
import { isSharded, noInputs, type ShardCommandOptions } from '../shard-options.ts';
import type { ShardRun, ShardWork } from '../shard-run.ts';
import { statsText } from '../text/stats-text.ts';
import { painter } from '../text/style.ts';
import { visible } from '../text/visible.ts';

/** Options of `recordpipe stats`. */
export interface StatsCommandOptions
  extends CommonOptions,
    PayloadOptions,
    ShardCommandOptions,
    InputCommandOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly progress: boolean;
  readonly jobs?: number;
  readonly html?: string;
  readonly title?: string;
  readonly samples: boolean;
  readonly force?: true;
  readonly feature?: readonly string[];
}

/** Prints statistics of files. Returns the exit code. */
export async function stats(inputs: string[], options: StatsCommandOptions): Promise<number> {
  const { json, quiet, jobs, html, title, feature } = options;
  if (feature !== undefined && options.report !== undefined)
    throw new UsageError(
      '--feature: the report of a shard has all features; leave out --feature or --report',
    );
  const shard = await shardOf('stats', inputs, options, { samples: options.samples });
  const given = shard?.files ?? inputs;
  if (json && html === '-') throw new UsageError('--html: - and --json both write to standard output');
  if (html !== undefined && html !== '-') {
    await checkOutput(given, html, options, '--html');
    await checkReplaceable(html, 'page', options.force);
  }
  const progress = progressOn('stats', !json && !quiet && options.progress);
  const collected = await collectStats(given, {
    ...readingOptions(options),
    jobs,
    blocking: true,
    ...inputOptionsOf(options, quiet),
    samples: (html !== undefined || shard !== undefined) && options.samples,
    onProgress: progress.update,
    signal: interruption(),
  }).finally(progress.clear);
  const found = feature === undefined ? collected : chosenFeatures(collected, new FeatureChoice(feature));
  if (html === '-') await print(statsHtml(found, { title }));
  else if (html !== undefined) {
    await refuseReportOn(
      found.files.map(({ uri }) => uri),
      html,
      '--html',
    );
    await writeReport(html, statsHtml(found, { title }), 'page', options.force);
  }
  if (json) await print(`${JSON.stringify({ ...found, samples: [] }, undefined, 2)}\n`);
  else if (!quiet && html !== '-') await say(statsText(found, painter(options.color, 1)));
  if (html !== undefined && html !== '-' && !json && !quiet) complain(`wrote ${visible(html)}`);
  return shard === undefined ? exitCodeOf(found) : shardExitCode(found, shard);
}

/** Only the chosen features. @throws UsageError if one of them does not exist */
function chosenFeatures(stats: DatasetStats, choice: FeatureChoice): DatasetStats {
  const features = stats.features.filter(({ name }) => choice.includes(name));
  const featureLists = stats.featureLists.filter(({ name }) => choice.includes(name));
  const samples = stats.samples.filter((sample) => choice.includes(sample.feature));
  // Findings explain missing features better than a suggestion.
  if (stats.findings.count === 0)
    choice.checkAllFound(stats.files.length === 1 ? 'the file' : `the ${stats.files.length} files`);
  return { ...stats, features, featureLists, samples };
}

/** The part of the work that is this process's; undefined where it is not divided. */
export async function shardOf<C extends 'stats' | 'schema'>(
  command: C,
  inputs: string[],
  options: CommonOptions &
    PayloadOptions &
    ShardCommandOptions &
    InputCommandOptions & { readonly quiet?: true },
  settings: ShardWork<C>['settings'],
): Promise<ShardRun<C> | undefined> {
  if (inputs.length === 0 && options.plan === undefined) throw noInputs();
  if (!isSharded(options)) {
    if (options.report !== undefined)
      throw new UsageError('--report: requires --shard or --plan; --json prints the statistics');
    return undefined;
  }
  // Imported when wanted: start-up time counts.
  const [{ shardRun }, { settingsOf }] = await Promise.all([
    import('../shard-run.ts'),
    import('../shard-settings.ts'),
  ]);
  const { format } = options;
  const all = { ...settingsOf(options), ...settings };
  return shardRun({ command, inputs, format, parts: true, settings: all }, options);
}

/** Writes the report, unless something could not be read: such a shard has none, and is run again. */
export async function shardExitCode(
  found: DatasetStats,
  shard: ShardRun<'stats'> | ShardRun<'schema'>,
): Promise<number> {
  if (found.files.some(({ unreadable }) => unreadable)) return IO_FAILURE;
  await shard.write(found);
  return exitCodeOf(found);
}

/** Fails before the work begins where a file could not be written, or would take the place of one that is read. */
export async function checkOutput(
  inputs: readonly (string | KnownFile)[],
  output: string,
  options: CommonOptions & InputCommandOptions,
  option: string,
): Promise<void> {
  const lists = inputs.flatMap((input) =>
    typeof input === 'string' && /^@./.test(input) ? [input.slice(1)] : [],
  );
  await refuseReportOn(lists, output, option);
  // A list from standard input can be read only once.
  if (inputs.includes('@-')) return checkReportFolder(output);
  const files = await expandInputs(inputs, options.format, { ...reachingOf(options), ...quietly(options) });
  await refuseReportOn(files, output, option);
  await checkReportFolder(output);
}

/** Invalid data anywhere comes before files that could not be read. */
export function exitCodeOf({ files }: DatasetStats): number {
  if (files.some(({ findings, unreadable }) => findings > 0 && !unreadable)) return INVALID;
  return files.some(({ unreadable }) => unreadable) ? IO_FAILURE : OK;
}
