import type { Command } from 'commander';
import { EXIT_CODES, INPUT, run } from '../command-parts.ts';
import { withInputOptions } from '../input-options.ts';
import { atLeast, sizeOption } from '../options.ts';
import { OUT, withTransformOptions } from '../transform-options.ts';

export function register(root: Command): void {
  const command = root
    .command('shuffle')
    .description('Shuffle the records of a file, or of all files of a directory, using bounded memory.')
    .argument('<input>', INPUT)
    .argument('<output>', OUT)
    .option('--seed <n>', 'random seed; the same seed gives the same order', atLeast(0), 0)
    .option(
      '--memory <size>',
      'memory limit for records and their index, e.g. 1GiB (default: 256 MiB)',
      sizeOption,
    )
    .option(
      '--temp-dir <folder>',
      'directory for data that does not fit in memory (default: next to the output)',
    );
  withInputOptions(withTransformOptions(command))
    .addHelpText('after', HELP)
    .action((input, output, options) =>
      run(async () => (await import('../actions/shuffle.ts')).shuffle(input, output, options)),
    );
}

const HELP = `
Examples:
  recordpipe shuffle train.tfrecord shuffled.tfrecord --seed 1
  recordpipe shuffle big.rec shuffled.rec --memory 2GiB --temp-dir /scratch
  recordpipe shuffle train/ shuffled.tfrecord

The order depends only on the seed and the number of records, not on --memory, and is the same on every machine: records are sorted by
SplitMix64 numbers generated from the seed. Data that does not fit in memory needs as much temporary disk space as the records.

Text lines converted to text lines keep their carriage returns unless you pass --cr. When both input and output are .jsonl files, or the
output has no extension, lines are copied unchanged, whatever JSON they contain. --from jsonl and --to jsonl select {"data":"<base64>"} lines.
${EXIT_CODES}`;
