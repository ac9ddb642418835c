import { statSync } from 'node:fs';
import { UsageError } from 'recordpipe/errors';
import { command, type Register } from '../command.ts';
import { expanded, expandedInOrder, INPUTS, inputSelection, sourceOf } from '../options/inputs.ts';
import { endsAsFolder, isAddress } from '../options/objects.ts';
import { flag, grouped, type Values, value } from '../options/option.ts';
import { TEXT_NOTES, transformOptions } from '../options/transform.ts';
import { formatNumberOf } from '../text/format.ts';
import { transforming, writtenText } from '../transforming.ts';

const OPTIONS = {
  output: value(
    '-o, --output <file>',
    'output file or s3://bucket/key, or - for stdout; required for record files',
  ),
  sort: flag('--sort', 'sort inputs by name and remove duplicates (default: use inputs in the given order)'),
  ...transformOptions,
  ...inputSelection,
  ...grouped('Shard reports:', {
    html: value(
      '--html <file>',
      'also write an HTML page (stats and schema reports); - writes the page to stdout instead of the text',
    ),
    title: value('--title <text>', 'title of the HTML page (default: the name of the directory or file)'),
    schema: value(
      '--schema <file>',
      'also write the schema for validate --schema to this file (schema reports)',
    ),
    partial: flag(
      '--partial',
      'combine the available reports into one partial report that you can merge with other reports later',
    ),
  }),
};

export const register: Register = command({
  name: 'merge',
  description: 'Merge record files into one file, in order, or merge shard reports into one report.',
  arguments: {
    '<inputs...>': `${INPUTS}. For shard reports: *.json files, or a directory/ or s3://bucket/prefix/ that contains them`,
  },
  options: OPTIONS,
  examples: `
recordpipe merge train-0000*-of-00012.tfrecord -o train.tfrecord
recordpipe merge data/ extra.rec.gz -o all.tfrecord
recordpipe merge 'train-*' --sort -o - | recordpipe validate -
recordpipe merge s3://bucket/reports/ -o total.json --html total.html`,
  notes: `Inputs may differ in format and compression. The output format is that of --to, of the output's extension or of the first input, in this order.

${TEXT_NOTES}

validate, stats, schema, index and convert write shard reports with --report. The merged report is identical, byte for byte, to the report of a single run. If reports are missing, merge prints the numbers of the missing shards in sbatch --array syntax and exits with code 3. If the reports list invalid data, merge exits with code 1.`,
  action: merge,
});

type Options = Values<typeof OPTIONS>;

async function merge(files: string[], options: Options): Promise<number> {
  const { sort, output } = options;
  // Searching for reports lists a prefix, which is unnecessary if the output has the name of a
  // record file.
  const { kindOfName, mergeFiles } = await import('recordpipe/transform');
  const isRecordFile = ['tfrecord', 'recordio'].includes(kindOfName(output ?? '').format ?? '');
  if (!isRecordFile && files.every(mayBeReport)) {
    const { mergeShards, reportsOf } = await import('../merge-reports.ts');
    const reports = await reportsOf(files, options);
    if (reports !== undefined) return mergeShards(reports, options);
  }
  // Never treat the last argument as the output; otherwise, `merge a b` with --force would
  // overwrite an input.
  if (output === undefined)
    throw new UsageError(
      'merge: specify the output with -o FILE, or -o - for standard output; all other arguments are inputs',
    );
  const sources = sort ? await expanded(files, options) : await expandedInOrder(files, options);
  return transforming(options, {
    verb: 'merge',
    input: sources[0],
    output,
    work: (common) =>
      mergeFiles(
        sources.map((file) => sourceOf(file).source),
        output,
        common,
      ),
    summary: (result) => `${writtenText(result.output)}, from ${formatNumberOf(sources.length, 'file')}`,
  });
}

/** Reports whether an input may be a shard report. Only JSON files and directories can be. */
function mayBeReport(input: string): boolean {
  if (input.endsWith('.json') || endsAsFolder(input)) return true;
  return !isAddress(input) && statSync(input, { throwIfNoEntry: false })?.isDirectory() === true;
}
