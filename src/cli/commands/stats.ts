import type { Command } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../command-parts.ts';
import { featureOption } from '../feature-choice.ts';
import { withPayloadOptions, withRunOptions } from '../options.ts';
import { withShardOptions } from '../shard-options.ts';

export function register(root: Command): void {
  const command = root
    .command('stats')
    .description(
      'Summarize records: sizes, features, labels, images and scalars, as text, JSON or an HTML page.',
    )
    .argument('[inputs...]', INPUTS);
  withShardOptions(withPayloadOptions(withRunOptions(command)))
    .option(
      '--feature <name>',
      "show only these features: names or patterns such as 'image/*', separated by commas (\\, for a comma in a name)",
      featureOption,
    )
    .option(
      '--html <file>',
      'also write an HTML page: one self-contained file, no scripts; - for stdout, instead of the text',
    )
    .option('--title <text>', 'title of the page (default: the directory or file)')
    .option('-f, --force', 'overwrite a file at --html that is not a page of statistics')
    .option('--no-samples', 'leave sample images out of the page')
    .addHelpText('after', HELP)
    .action((inputs, options) =>
      run(async () => (await import('../actions/stats.ts')).stats(inputs, options)),
    );
}

const HELP = `
Examples:
  recordpipe stats data/
  recordpipe stats data/ --html report.html
  recordpipe stats 'train-*' --json > stats.json
  recordpipe stats data/ --feature 'label,image/*'
  recordpipe stats --plan plan.jsonl --shard 0/8 --report reports/

Every record is verified as in validate. Invalid records are listed as findings; the statistics cover all valid ones. Histogram buckets are powers of two.
${EXIT_CODES}`;
