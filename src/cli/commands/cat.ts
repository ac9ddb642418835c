import type { Command } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../command-parts.ts';
import { withInputOptions } from '../input-options.ts';
import { atLeast, withCommonOptions, withPayloadOptions } from '../options.ts';

export function register(root: Command): void {
  const command = root
    .command('cat')
    .description('Write record payloads to standard output, unchanged and without separators.')
    .argument('<inputs...>', INPUTS)
    .option('-n, --records <n>', 'maximum number of records over all inputs; 0: all', atLeast(0), 0)
    .option('--skip <n>', 'number of records to skip first', atLeast(0), 0)
    .option('--newline', 'write a newline after each payload')
    .option('--binary', 'write payloads to a terminal even if they are binary')
    .option('--base64', 'write one base64 payload per line');
  withPayloadOptions(withInputOptions(withCommonOptions(command)))
    .addHelpText('after', HELP)
    .action((inputs, options) => run(async () => (await import('../actions/cat.ts')).cat(inputs, options)));
}

const HELP = `
Examples:
  recordpipe cat lines.tfrecord --newline
  recordpipe cat images.tfrecord -n 1 > first.jpg
  recordpipe cat data/ --base64 | wc -l
  recordpipe cat lines.txt.gz --cr keep --newline

Every record is verified before it is written. At the first invalid record, cat stops with exit code 1.
${EXIT_CODES}`;
