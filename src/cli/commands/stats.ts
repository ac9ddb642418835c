import { collectStats, expandInputs } from 'recordpipe/report';
import { type DatasetStats, statsHtml } from 'recordpipe/stats';
import { INVALID, IO_FAILURE, OK } from '../exit-codes.ts';
import { interruption } from '../interrupt.ts';
import { type CommonOptions, type PayloadOptions, readingOptions } from '../options.ts';
import { complain, print } from '../output.ts';
import { progressOn } from '../progress.ts';
import { reachingOf } from '../reaching.ts';
import { checkReportFolder, refuseReportOn, writeReport } from '../report-file.ts';
import { statsText } from '../stats-text.ts';
import { painter } from '../style.ts';
import { visible } from '../visible.ts';

/** Options of `recordpipe stats`. */
export interface StatsCommandOptions extends CommonOptions, PayloadOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly progress: boolean;
  readonly jobs?: number;
  readonly html?: string;
  readonly title?: string;
  readonly samples: boolean;
}

/** Says what is in files; the exit code. */
export async function stats(inputs: string[], options: StatsCommandOptions): Promise<number> {
  const { json, quiet, jobs, html, title } = options;
  if (html !== undefined) await checkOutput(inputs, html, options, '--html');
  const progress = progressOn('stats', !json && !quiet && options.progress);
  const found = await collectStats(inputs, {
    ...readingOptions(options),
    jobs,
    blocking: true,
    samples: html !== undefined && options.samples,
    onProgress: progress.update,
    signal: interruption(),
  }).finally(progress.clear);
  if (html !== undefined) {
    await refuseReportOn(
      found.files.map(({ uri }) => uri),
      html,
      '--html',
    );
    await writeReport(html, statsHtml(found, { title }));
  }
  if (json) await print(`${JSON.stringify({ ...found, samples: [] }, undefined, 2)}\n`);
  else if (!quiet) await print(statsText(found, painter(options.color, 1)));
  if (html !== undefined && !json && !quiet) complain(`wrote ${visible(html)}`);
  return exitCodeOf(found);
}

/** Fails before the work begins where a file could not be written, or would take the place of one that is read. */
export async function checkOutput(
  inputs: readonly string[],
  output: string,
  options: CommonOptions,
  option: string,
): Promise<void> {
  const lists = inputs.filter((input) => /^@./.test(input)).map((input) => input.slice(1));
  await refuseReportOn(lists, output, option);
  // A list from standard input can be read only once.
  if (inputs.includes('@-')) return checkReportFolder(output);
  const files = await expandInputs(inputs, options.format, reachingOf(options));
  await refuseReportOn(files, output, option);
  await checkReportFolder(output);
}

/** Invalid data anywhere comes before files that could not be read. */
export function exitCodeOf({ files }: DatasetStats): number {
  if (files.some(({ findings, unreadable }) => findings > 0 && !unreadable)) return INVALID;
  return files.some(({ unreadable }) => unreadable) ? IO_FAILURE : OK;
}
