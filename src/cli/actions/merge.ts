import { statSync } from 'node:fs';
import { expandInputs } from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import { mergeFiles } from 'recordpipe/transform';
import { type InputCommandOptions, inputOptionsOf } from '../input-options.ts';
import { isS3, reachingOf } from '../reaching.ts';
import { byteSource } from '../source.ts';
import { formatNumberOf } from '../text/sizes.ts';
import type { TransformCommandOptions } from '../transform-options.ts';
import { transforming, writtenText } from '../transform-run.ts';
import type { MergeReportsOptions } from './merge-reports.ts';

/** Options of `recordpipe merge`. */
export interface MergeCommandOptions
  extends TransformCommandOptions,
    MergeReportsOptions,
    InputCommandOptions {
  readonly output?: string;
  readonly sort?: true;
}

/** Merges files into one. Returns the exit code. */
export async function merge(files: string[], options: MergeCommandOptions): Promise<number> {
  if (files.every(mayBeReport)) {
    // Imported when wanted: start-up time counts.
    const { mergeShards, reportsOf } = await import('./merge-reports.ts');
    const reports = await reportsOf(files, options);
    if (reports !== undefined) return mergeShards(reports, options);
  }
  const { sort, output } = options;
  // The last file is never the output: `merge a b` would replace an input with --force.
  if (output === undefined)
    throw new UsageError(
      'merge: expected the output as -o FILE, or -o - for standard output; all files are inputs',
    );
  const sources = sort
    ? await expandInputs(files, options.format, howOf(options))
    : await inOrder(files, options);
  if (sources.filter((source) => source === '-').length > 1)
    throw new UsageError('merge: standard input can be read only once');
  return transforming(options, {
    verb: 'merge',
    input: sources[0],
    output,
    work: (common) =>
      mergeFiles(
        sources.map((file) => byteSource(file).source),
        output,
        common,
      ),
    summary: (result) => `${writtenText(result.output)}, from ${formatNumberOf(sources.length, 'file')}`,
  });
}

/** Whether an input may be a shard report: JSON files and directories are inspected. */
function mayBeReport(input: string): boolean {
  if (input.endsWith('.json') || input.endsWith('/')) return true;
  return !isS3(input) && statSync(input, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The inputs as given; the files of a directory or pattern sorted by name. */
async function inOrder(inputs: readonly string[], options: MergeCommandOptions): Promise<string[]> {
  const files: string[] = [];
  for (const input of inputs)
    for (const file of await expandInputs(input, options.format, howOf(options))) files.push(file);
  return files;
}

function howOf(options: MergeCommandOptions): Parameters<typeof expandInputs>[2] {
  return { ...reachingOf(options), ...inputOptionsOf(options, options.quiet) };
}
