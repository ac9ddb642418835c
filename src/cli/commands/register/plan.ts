import { type Command, Option } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../../command-parts.ts';
import { withInputOptions } from '../../input-options.ts';
import { withObjectOptions } from '../../object-options.ts';
import { atLeast, sizeOption } from '../../option-values.ts';

export function register(root: Command): void {
  const command = root
    .command('plan')
    .description('Write down which files there are, in which state: the work that many machines divide.')
    .argument('<inputs...>', INPUTS.replace(', - for stdin', ''))
    .requiredOption(
      '-o, --output <file>',
      'the plan, a file or s3://bucket/key (.gz: compressed), - for stdout',
    )
    .option(
      '-n, --shards <n>',
      'into how many shards it is to be divided: workers need not be told',
      atLeast(1),
    )
    .option(
      '--cut <size>',
      'cut larger files into parts of about this size, where they have an index',
      sizeOption,
    )
    .addOption(
      new Option('--format <format>', 'which files are taken from folders')
        .choices(['auto', 'tfrecord', 'recordio', 'textline'])
        .default('auto'),
    )
    .option('-f, --force', 'replace a plan that is there')
    .option('--json', 'print what was planned as a JSON document')
    .option('-q, --quiet', 'nothing is said');
  withObjectOptions(withInputOptions(command))
    .addHelpText('after', HELP)
    .action((inputs, options) => run(async () => (await import('../plan.ts')).plan(inputs, options)));
}

const HELP = `
Examples:
  recordpipe plan s3://bucket/train/ -o s3://bucket/plan.jsonl.gz --shards 8
  recordpipe plan data/ --cut 1GiB -o plan.jsonl
  recordpipe validate --plan plan.jsonl --shard 3/8 --report reports/
  recordpipe merge reports/ -o total.json

A plan holds addresses, sizes and ETags, and a hash of all. A file that is another one when a worker comes to it is an error. Which shard a file
belongs to is decided by the plan and the number of shards alone; they are of about equal size.
${EXIT_CODES}`;
