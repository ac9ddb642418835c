import type { Command } from 'commander';
import { EXIT_CODES, INPUT, run } from '../../command-parts.ts';
import { withInputOptions } from '../../input-options.ts';
import { atLeast, sizeOption } from '../../option-values.ts';
import { OUT, withTransformOptions } from '../../transform-options.ts';

export function register(root: Command): void {
  const command = root
    .command('shuffle')
    .description(
      'Write the records of a file, or of all files of a folder, in random order, within a memory limit.',
    )
    .argument('<input>', INPUT)
    .argument('<output>', OUT)
    .option('--seed <n>', 'determines the order', atLeast(0), 0)
    .option('--memory <size>', 'for records and their index, like 1GiB (default: 256 MiB)', sizeOption)
    .option('--temp-dir <folder>', 'for what does not fit into memory (default: where the output goes)');
  withInputOptions(withTransformOptions(command))
    .addHelpText('after', HELP)
    .action((input, output, options) =>
      run(async () => (await import('../shuffle.ts')).shuffle(input, output, options)),
    );
}

const HELP = `
Examples:
  recordpipe shuffle train.tfrecord shuffled.tfrecord --seed 1
  recordpipe shuffle big.rec shuffled.rec --memory 2GiB --temp-dir /scratch
  recordpipe shuffle train/ shuffled.tfrecord

The order is that of the numbers which SplitMix64 draws from the seed, one for each record: it depends on the seed and the number of records only, whatever
the memory, and is the same on every machine. What does not fit into memory takes as much temporary room as the records.

Lines that stay lines of text keep their carriage returns, unless --cr is given. A .jsonl file that becomes a .jsonl file, or has an output without
extension, is taken line by line as it is, whatever JSON it holds; --from jsonl and --to jsonl mean lines {"data":"<base64>"}.
${EXIT_CODES}`;
