import type { Command } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../../command-parts.ts';
import { withReportingOptions } from '../../options.ts';

export function register(root: Command): void {
  const command = root
    .command('count')
    .description('Count records. Reads little more than the headers where records are large.')
    .argument('<inputs...>', INPUTS);
  withReportingOptions(command)
    .addHelpText('after', HELP)
    .action((inputs, options) => run(async () => (await import('../count.ts')).count(inputs, options)));
}

const HELP = `
Examples:
  recordpipe count data/
  recordpipe count -q data/                     the sum, and nothing else
  recordpipe count 'train-*' --json
  recordpipe count lines.jsonl.gz
  recordpipe count --delimiter '\\0' --format textline names.txt

Checksums of payloads are not verified: that is what validate is for.
${EXIT_CODES}`;
