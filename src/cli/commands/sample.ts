import { type Command, InvalidArgumentError } from 'commander';
import { EXIT_CODES, run } from '../command-parts.ts';
import { atLeast } from '../options.ts';
import { OUT, withTransformOptions } from '../transform-options.ts';

export function register(root: Command): void {
  const command = root
    .command('sample')
    .description('Sample records at random without replacement, keeping their order.')
    .argument('<input>', 'a file, s3://bucket/key, or - for stdin')
    .argument('<output>', OUT)
    .option('-n, --records <n>', 'exactly N records (or all, if there are fewer)', atLeast(0))
    .option('--fraction <p>', 'include each record with this probability, 0 to 1', fraction)
    .option('--seed <n>', 'random seed; the same seed selects the same records', atLeast(0), 0)
    .option(
      '--temp-dir <folder>',
      'directory for candidate records, with --records (default: next to the output)',
    );
  withTransformOptions(command)
    .addHelpText('after', HELP)
    .action((input, output, options) =>
      run(async () => (await import('../actions/sample.ts')).sample(input, output, options)),
    );
}

function fraction(text: string): number {
  const value = Number(text);
  if (/^[\d.]+$/.test(text) && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError('Expected a number from 0 to 1.');
}

const HELP = `
Examples:
  recordpipe sample train.tfrecord some.tfrecord -n 1000 --seed 1
  recordpipe sample train.rec - --fraction 0.01 --to jsonl

The input is read once. -n 1000 selects the records that shuffle with the same seed would put first. A smaller --fraction selects a subset of a larger one.

Text lines converted to text lines keep their carriage returns unless you pass --cr. When both input and output are .jsonl files, or the
output has no extension, lines are copied unchanged, whatever JSON they contain. --from jsonl and --to jsonl select {"data":"<base64>"} lines.
${EXIT_CODES}`;
