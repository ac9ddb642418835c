import type { DatasetStats } from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import { command, type Register } from '../command.ts';
import { FeatureChoice, selectOption } from '../feature-choice.ts';
import { interruption } from '../interrupt.ts';
import { filterOptions, selectedText } from '../options/filter.ts';
import { INPUTS, inputSelection, inputsOf } from '../options/inputs.ts';
import { accessOf, objectReadOptions } from '../options/objects.ts';
import { flag, negation, type Values, value } from '../options/option.ts';
import { payloadOptions, readingOf, readingOptions } from '../options/reading.ts';
import { runOptions, shardOptions } from '../options/reports.ts';
import { complain, print, say } from '../output.ts';
import { checkOutput, checkReplaceable, refuseReportOn, writeReport } from '../output-files.ts';
import { progressOf } from '../progress.ts';
import { finishStats, statsShard } from '../stats-run.ts';
import { visible } from '../text/format.ts';
import { painter } from '../text/terminal.ts';

const OPTIONS = {
  ...filterOptions,
  select: selectOption,
  html: value(
    '--html <file>',
    'also write a self-contained HTML page without scripts; - writes the page to stdout instead of the text',
  ),
  title: value('--title <text>', 'title of the HTML page (default: the name of the directory or file)'),
  force: flag('-f, --force', 'overwrite the --html file even if it is not a page written by stats'),
  samples: negation('--no-samples', 'omit sample images from the HTML page'),
  ...runOptions,
  ...readingOptions,
  ...payloadOptions,
  ...objectReadOptions,
  ...inputSelection,
  ...shardOptions,
};

export const register: Register = command({
  name: 'stats',
  description:
    'Summarize sizes, features, labels, images and scalars of records as text, JSON or an HTML page.',
  arguments: { '[inputs...]': INPUTS },
  options: OPTIONS,
  examples: `
recordpipe stats data/
recordpipe stats data/ --html report.html
recordpipe stats 'train-*' --json > stats.json
recordpipe stats data/ --select 'label,image/*'
recordpipe stats data/ --where 'label == 3 && score > 0.9'
recordpipe stats --plan plan.jsonl --shard 0/8 --report reports/`,
  notes: `stats verifies every record, as validate does, and lists invalid records as findings. The statistics cover the valid records or, if --where is set, only the valid records that pass. After a damaged header or a truncated record, stats skips the rest of the file unless you pass --recover. Histogram bucket bounds are powers of two.`,
  action: stats,
});

async function stats(inputs: string[], options: Values<typeof OPTIONS>): Promise<number> {
  const { json, quiet, jobs, html, title, select, force, where } = options;
  if (select !== undefined && options.report !== undefined)
    throw new UsageError('--select: a shard report contains all features; remove --select or --report');
  const shard = await statsShard('stats', inputs, options, { samples: options.samples, where });
  const files = shard?.files ?? inputs;
  if (json && html === '-')
    throw new UsageError('--html: - cannot be combined with --json, because both write to standard output');
  const page = html === '-' ? undefined : html;
  if (page !== undefined) {
    await checkOutput(files, page, '--html', options);
    await checkReplaceable(page, 'page', force);
  }
  const { collectStats, statsHtml } = await import('recordpipe/check');
  const progress = progressOf('stats', !json && !quiet && options.progress);
  const collected = await collectStats(files, {
    ...readingOf(options),
    jobs,
    blocking: true,
    ...inputsOf(options, quiet),
    where,
    samples: (html !== undefined || shard !== undefined) && options.samples,
    onProgress: progress.update,
    signal: interruption(),
  }).finally(progress.clear);
  const found = select === undefined ? collected : chosenFeatures(collected, new FeatureChoice(select));
  if (html === '-') await print(statsHtml(found, { title }));
  if (page !== undefined) {
    await refuseReportOn(
      found.files.map(({ uri }) => uri),
      page,
      '--html',
    );
    await writeReport(page, statsHtml(found, { title }), 'page', force, accessOf(options));
  }
  if (json) await print(`${JSON.stringify({ ...found, samples: [] }, undefined, 2)}\n`);
  else if (!quiet && html !== '-') {
    const { statsText } = await import('../text/stats.ts');
    await say(statsText(found, painter(1)));
    if (found.where !== undefined) complain(selectedText(found.where));
  }
  if (page !== undefined && !json && !quiet) complain(`wrote ${visible(page)}`);
  return finishStats(found, shard);
}

/**
 * Returns the statistics of the selected features.
 * @throws UsageError if one of the features does not exist
 */
function chosenFeatures(stats: DatasetStats, choice: FeatureChoice): DatasetStats {
  const features = stats.features.filter(({ name }) => choice.includes(name));
  const featureLists = stats.featureLists.filter(({ name }) => choice.includes(name));
  const samples = stats.samples.filter((sample) => choice.includes(sample.feature));
  // If there are findings, they explain missing features better than a suggestion.
  if (stats.findings.count === 0)
    choice.checkAllFound(stats.files.length === 1 ? 'the file' : `the ${stats.files.length} files`);
  return { ...stats, features, featureLists, samples };
}
