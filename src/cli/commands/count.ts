import type { Command } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../command-parts.ts';
import { withReportingOptions } from '../options.ts';

export function register(root: Command): void {
  const command = root
    .command('count')
    .description('Count records. Of files with large records, only the headers are read.')
    .argument('<inputs...>', INPUTS);
  withReportingOptions(command)
    .addHelpText('after', HELP)
    .action((inputs, options) =>
      run(async () => (await import('../actions/count.ts')).count(inputs, options)),
    );
}

const HELP = `
Examples:
  recordpipe count data/
  recordpipe count -q data/                     print the total only
  recordpipe count 'train-*' --json
  recordpipe count lines.jsonl.gz
  recordpipe count --delimiter '\\0' --format textline names.txt

Payload checksums are not verified; use validate for that.
${EXIT_CODES}`;
