import { type Command, Option } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../command-parts.ts';
import { withInputOptions } from '../input-options.ts';
import { withTransformOptions } from '../transform-options.ts';

export function register(root: Command): void {
  const command = root
    .command('merge')
    .description('Merge record files into one, in order; or merge shard reports into one report.')
    .argument(
      '<files...>',
      `${INPUTS}. Shard reports: *.json files, or a directory/ or s3://bucket/prefix/ of them`,
    )
    .option('-o, --output <file>', 'output file, s3://bucket/key, or - for stdout (required for records)')
    .option('--sort', 'sort inputs by name and drop duplicates (default: as given)');
  withInputOptions(withTransformOptions(command));
  const options = [
    new Option('--html <file>', 'stats reports: also write an HTML page; - for stdout, instead of the text'),
    new Option('--title <text>', 'title of the page'),
    new Option('--schema <file>', 'schema reports: also write the schema, for validate --schema'),
    new Option(
      '--partial',
      'combine the available reports into one partial report, to merge with others later',
    ),
  ];
  for (const option of options) command.addOption(option.helpGroup('Shard reports:'));
  command
    .addHelpText('after', HELP)
    .action((files, options) => run(async () => (await import('../actions/merge.ts')).merge(files, options)));
}

const HELP = `
Examples:
  recordpipe merge train-0000*-of-00012.tfrecord -o train.tfrecord
  recordpipe merge data/ extra.rec.gz -o all.tfrecord
  recordpipe merge 'train-*' --sort -o - | recordpipe validate -
  recordpipe merge s3://bucket/reports/ -o total.json --html total.html

Inputs may differ in format and compression. The output format comes from --to, else from the output's extension, else from the first input.

Text lines converted to text lines keep their carriage returns unless you pass --cr. When both input and output are .jsonl files, or the
output has no extension, lines are copied unchanged, whatever JSON they contain. --from jsonl and --to jsonl select {"data":"<base64>"} lines.

Merging shard reports (from --report of validate, stats, schema, index, convert) produces the report of a single run, byte for byte. If
reports are missing, merge prints the missing shard numbers in sbatch --array syntax and exits with 3. It exits with 1 if the data is invalid.
${EXIT_CODES}`;
