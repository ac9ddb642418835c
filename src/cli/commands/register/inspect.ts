import { type Command, Option } from 'commander';
import { EXIT_CODES, run } from '../../command-parts.ts';
import { atLeast } from '../../option-values.ts';
import { withCommonOptions, withPayloadOptions } from '../../options.ts';

export function register(root: Command): void {
  const command = root
    .command('inspect')
    .description('Show records: index, offset, length, and a look at the payload.')
    .argument('<file>', 'a file, or - for stdin')
    .option('-n, --records <n>', 'how many records; 0: all', atLeast(0), 5)
    .option('--skip <n>', 'records to pass over first', atLeast(0), 0)
    .option('--hash', 'show the SHA-256 of each payload')
    .option('--json', 'print one JSON document')
    .addOption(new Option('--jsonl', 'print one JSON object per record and line').conflicts('json'));
  withPayloadOptions(withCommonOptions(command))
    .addHelpText('after', HELP)
    .action((file, options) => run(async () => (await import('../inspect.ts')).inspect(file, options)));
}

const HELP = `
Examples:
  recordpipe inspect train.tfrecord             the first 5 records
  recordpipe inspect train.tfrecord --skip 1000 -n 1
  recordpipe inspect train.tfrecord -n 0 --hash --jsonl
  recordpipe inspect train.rec                  also the parts of records

Records and offsets count from 0; an offset is that of a record's first byte, uncompressed.
${EXIT_CODES}`;
