import { type Command, Option } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../../command-parts.ts';
import { withInputOptions } from '../../input-options.ts';
import { withTransformOptions } from '../../transform-options.ts';

export function register(root: Command): void {
  const command = root
    .command('merge')
    .description(
      'Write the records of many files into one, in the order of the files; or make one report of those of shards.',
    )
    .argument(
      '<files...>',
      `${INPUTS}. Reports of shards: files *.json, or a folder/ or s3://bucket/prefix/ with them`,
    )
    .option('-o, --output <file>', 'the output, or - for stdout (required for records)')
    .option('--sort', 'sort the inputs by name, and take each once (default: as given)');
  withInputOptions(withTransformOptions(command));
  const options = [
    new Option('--html <file>', 'of stats: also write a page'),
    new Option('--title <text>', 'what the page is called'),
    new Option('--schema <file>', 'of schema: also write the schema alone, for validate --schema'),
    new Option('--partial', 'write the reports that are there as one, to be merged with others'),
  ];
  for (const option of options) command.addOption(option.helpGroup('Reports of shards:'));
  command
    .addHelpText('after', HELP)
    .action((files, options) => run(async () => (await import('../merge.ts')).merge(files, options)));
}

const HELP = `
Examples:
  recordpipe merge train-0000*-of-00012.tfrecord -o train.tfrecord
  recordpipe merge data/ extra.rec.gz -o all.tfrecord
  recordpipe merge 'train-*' --sort -o - | recordpipe validate -
  recordpipe merge s3://bucket/reports/ -o total.json --html total.html

Inputs may be of different formats and compressions; the output is what its name or --to says, else of the first input's format.

Lines that stay lines of text keep their carriage returns, unless --cr is given. A .jsonl file that becomes a .jsonl file, or has an output without
extension, is taken line by line as it is, whatever JSON it holds; --from jsonl and --to jsonl mean lines {"data":"<base64>"}.

Reports of shards (--report of validate, stats, schema, index, convert) make one that is, byte for byte, that of a run in one shard. Where some are missing, their
numbers are printed, as sbatch --array takes them, and the exit code is 3; 1 where the data are bad.
${EXIT_CODES}`;
