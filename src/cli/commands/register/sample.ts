import { type Command, InvalidArgumentError } from 'commander';
import { EXIT_CODES, run } from '../../command-parts.ts';
import { atLeast } from '../../option-values.ts';
import { OUT, withTransformOptions } from '../../transform-options.ts';

export function register(root: Command): void {
  const command = root
    .command('sample')
    .description('Draw records of a file at random, each at most once, and keep their order.')
    .argument('<input>', 'a file, s3://bucket/key, or - for stdin')
    .argument('<output>', OUT)
    .option('-n, --records <n>', 'exactly so many (all, where there are no more)', atLeast(0))
    .option('--fraction <p>', 'each record with this probability, 0 to 1', fraction)
    .option('--seed <n>', 'determines what is drawn', atLeast(0), 0)
    .option(
      '--temp-dir <folder>',
      'for what may yet be drawn, with --records (default: where the output goes)',
    );
  withTransformOptions(command)
    .addHelpText('after', HELP)
    .action((input, output, options) =>
      run(async () => (await import('../sample.ts')).sample(input, output, options)),
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

The input is read once. -n 1000 draws what shuffling with the same seed would put first; a smaller --fraction is part of a larger one.

Lines that stay lines of text keep their carriage returns, unless --cr is given. A .jsonl file that becomes a .jsonl file, or has an output without
extension, is taken line by line as it is, whatever JSON it holds; --from jsonl and --to jsonl mean lines {"data":"<base64>"}.
${EXIT_CODES}`;
