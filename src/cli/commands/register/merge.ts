import type { Command } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../../command-parts.ts';
import { withTransformOptions } from '../../transform-options.ts';

export function register(root: Command): void {
  const command = root
    .command('merge')
    .description('Write the records of many files into one, in the order of the files.')
    .argument('<files...>', `${INPUTS}; the last one is the output, unless there is --output`)
    .option('-o, --output <file>', 'the output, or - for stdout')
    .option('--sort', 'sort the inputs by name, and take each once (default: as given)');
  withTransformOptions(command)
    .addHelpText('after', HELP)
    .action((files, options) => run(async () => (await import('../merge.ts')).merge(files, options)));
}

const HELP = `
Examples:
  recordpipe merge train-0000*-of-00012.tfrecord train.tfrecord
  recordpipe merge data/ extra.rec.gz -o all.tfrecord
  recordpipe merge 'train-*' --sort -o - | recordpipe validate -

Inputs may be of different formats and compressions; the output is what its name or --to says, else of the first input's format.

Lines that stay lines of text keep their carriage returns, unless --cr is given. A .jsonl file that becomes a .jsonl file, or has an output without
extension, is taken line by line as it is, whatever JSON it holds; --from jsonl and --to jsonl mean lines {"data":"<base64>"}.
${EXIT_CODES}`;
