import { InvalidArgumentError } from 'commander';
import { UsageError } from 'recordpipe/errors';
import { command, type Register } from '../command.ts';
import { filterOptions } from '../options/filter.ts';
import { ONE_FILE, sourceOf } from '../options/inputs.ts';
import { atLeast, parsed, type Values, value } from '../options/option.ts';
import { OUTPUT, TEXT_NOTES, transformOptions } from '../options/transform.ts';
import { formatCount } from '../text/format.ts';
import { transforming, writtenText } from '../transforming.ts';

const OPTIONS = {
  records: parsed(
    '-n, --records <n>',
    'number of records to select; if the input contains fewer records, all are selected',
    atLeast(0),
  ),
  fraction: parsed('--fraction <p>', 'select each record with this probability, from 0 to 1', probability),
  seed: parsed('--seed <n>', 'random seed; the same seed gives the same result', atLeast(0), 0),
  tempDir: value(
    '--temp-dir <dir>',
    'with --records: directory for temporary files (default: the output directory)',
  ),
  ...filterOptions,
  ...transformOptions,
};

export const register: Register = command({
  name: 'sample',
  description: 'Sample records at random without replacement, keeping their order.',
  arguments: { '<input>': ONE_FILE, '<output>': OUTPUT },
  options: OPTIONS,
  examples: `
recordpipe sample train.tfrecord some.tfrecord -n 1000 --seed 1
recordpipe sample train.rec - --fraction 0.01 --to base64
recordpipe sample train.tfrecord threes.tfrecord -n 100 --where 'label == 3'`,
  notes: `sample reads the input once. -n 1000 selects the first 1000 records in the order that recordpipe shuffle produces with the same seed. For the same seed, a smaller --fraction selects a subset of the records that a larger --fraction selects.

${TEXT_NOTES}`,
  action: sample,
});

function probability(text: string): number {
  const number = Number(text);
  if (/^[\d.]+(e-?\d+)?$/i.test(text) && number >= 0 && number <= 1) return number;
  throw new InvalidArgumentError('Expected a number from 0 to 1.');
}

async function sample(input: string, output: string, options: Values<typeof OPTIONS>): Promise<number> {
  const { records, fraction, seed, tempDir } = options;
  if ((records === undefined) === (fraction === undefined))
    throw new UsageError('sample: pass exactly one of --records and --fraction');
  const { sampleFile } = await import('recordpipe/transform');
  return transforming(options, {
    verb: 'sample',
    input,
    output,
    work: (common) =>
      sampleFile(sourceOf(input).source, output, { ...common, records, fraction, seed, tempDir }),
    summary: (result) =>
      `${writtenText(result.output)}, sampled from ${formatCount(result.of)} with seed ${result.seed}`,
  });
}
