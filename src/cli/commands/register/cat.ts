import type { Command } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../../command-parts.ts';
import { withInputOptions } from '../../input-options.ts';
import { atLeast } from '../../option-values.ts';
import { withCommonOptions, withPayloadOptions } from '../../options.ts';

export function register(root: Command): void {
  const command = root
    .command('cat')
    .description('Write the payloads to standard output, one after the other, as they are.')
    .argument('<inputs...>', INPUTS)
    .option('-n, --records <n>', 'how many records in all; 0: all', atLeast(0), 0)
    .option('--skip <n>', 'records to pass over first', atLeast(0), 0)
    .option('--newline', 'a newline behind each payload')
    .option('--base64', 'one payload per line, in base64');
  withPayloadOptions(withInputOptions(withCommonOptions(command)))
    .addHelpText('after', HELP)
    .action((inputs, options) => run(async () => (await import('../cat.ts')).cat(inputs, options)));
}

const HELP = `
Examples:
  recordpipe cat lines.tfrecord --newline
  recordpipe cat images.tfrecord -n 1 > first.jpg
  recordpipe cat data/ --base64 | wc -l
  recordpipe cat lines.txt.gz --cr keep --newline

Every record is checked before it is written; at damage cat stops, with exit code 1.
${EXIT_CODES}`;
