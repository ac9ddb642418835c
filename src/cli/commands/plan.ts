import { type Command, Option } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../command-parts.ts';
import { withInputOptions } from '../input-options.ts';
import { withObjectOptions } from '../object-options.ts';
import { atLeast, sizeOption } from '../options.ts';

export function register(root: Command): void {
  const command = root
    .command('plan')
    .description('List input files with size and ETag: the work that several machines share.')
    .argument('<inputs...>', INPUTS.replace(', - for stdin', ''))
    .requiredOption(
      '-o, --output <file>',
      'where to write the plan: a file or s3://bucket/key (.gz: compressed), or - for stdout',
    )
    .option('-n, --shards <n>', 'number of shards; workers then need not pass it', atLeast(1))
    .option(
      '--cut <size>',
      'split files larger than this into parts of about this size (needs an index next to the file)',
      sizeOption,
    )
    .addOption(
      new Option('--format <format>', 'which files to take from directories')
        .choices(['auto', 'tfrecord', 'recordio', 'textline'])
        .default('auto'),
    )
    .option('-f, --force', 'overwrite an existing plan')
    .option('--json', 'print a summary of the plan as JSON')
    .option('-q, --quiet', 'hide the summary and notes');
  withObjectOptions(withInputOptions(command))
    .addHelpText('after', HELP)
    .action((inputs, options) => run(async () => (await import('../actions/plan.ts')).plan(inputs, options)));
}

const HELP = `
Examples:
  recordpipe plan s3://bucket/train/ -o s3://bucket/plan.jsonl.gz --shards 8
  recordpipe plan data/ --cut 1GiB -o plan.jsonl
  recordpipe validate --plan plan.jsonl --shard 3/8 --report reports/
  recordpipe merge reports/ -o total.json

A plan lists addresses, sizes and ETags, with a hash over all of them. If a file has changed when a worker reads it, the worker fails. The plan
and the number of shards alone determine which shard a file belongs to. Shards are of about equal size.
${EXIT_CODES}`;
