import type { Command } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../../command-parts.ts';
import { withPayloadOptions, withRunOptions } from '../../options.ts';
import { withShardOptions } from '../../shard-options.ts';

export function register(root: Command): void {
  const command = root
    .command('stats')
    .description(
      'What is in the records: sizes, features, labels, images; as text, JSON or a page to look at.',
    )
    .argument('[inputs...]', INPUTS);
  withShardOptions(withPayloadOptions(withRunOptions(command)))
    .option('--html <file>', 'also write a page: one file, no script, nothing loaded')
    .option('--title <text>', 'what the page is called (default: the folder or file)')
    .option('-f, --force', 'replace a file at --html that is not a page of statistics')
    .option('--no-samples', 'no sample images on the page')
    .addHelpText('after', HELP)
    .action((inputs, options) => run(async () => (await import('../stats.ts')).stats(inputs, options)));
}

const HELP = `
Examples:
  recordpipe stats data/
  recordpipe stats data/ --html report.html
  recordpipe stats 'train-*' --json > stats.json
  recordpipe stats --plan plan.jsonl --shard 0/8 --report reports/

Every record is checked as validate does; what is damaged is a finding, and all else is counted. Histograms are by powers of two.
${EXIT_CODES}`;
