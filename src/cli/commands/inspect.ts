import { type Command, Option } from 'commander';
import { EXIT_CODES, run } from '../command-parts.ts';
import { featureOption } from '../feature-choice.ts';
import { atLeast, withCommonOptions, withPayloadOptions } from '../options.ts';

export function register(root: Command): void {
  const command = root
    .command('inspect')
    .description(
      'Show records: number, offset, length and contents (features, labels, tensors, scalars, text or bytes).',
    )
    .argument('<file>', 'a file, s3://bucket/key, or - for stdin')
    .option('-n, --records <n>', 'maximum number of records; 0: all', atLeast(0), 5)
    .option('--skip <n>', 'number of records to skip first', atLeast(0), 0)
    .option(
      '--feature <name>',
      "show only these features: names or patterns such as 'image/*', separated by commas (\\, for a comma in a name)",
      featureOption,
    )
    .option('--save-images <folder>', 'write the images in the shown records to a directory')
    .option('--force', 'with --save-images: overwrite existing files')
    .option('--decode', 'with --json or --jsonl: also print the contents, in the JSON mapping of protobuf')
    .option('--hash', 'show the SHA-256 of each payload')
    .option('--json', 'print one JSON document')
    .addOption(new Option('--jsonl', 'print one JSON object per record, one per line').conflicts('json'));
  withPayloadOptions(withCommonOptions(command))
    .addHelpText('after', HELP)
    .action((file, options) =>
      run(async () => (await import('../actions/inspect.ts')).inspect(file, options)),
    );
}

const HELP = `
Examples:
  recordpipe inspect train.tfrecord             the first 5 records
  recordpipe inspect train.tfrecord --skip 1000 -n 1
  recordpipe inspect train.tfrecord -n 0 --hash --jsonl
  recordpipe inspect train.tfrecord -n 1 --feature 'label,image/*'
  recordpipe inspect train.tfrecord -n 20 --save-images images/
  recordpipe inspect train.tfrecord -n 0 --jsonl --decode
  recordpipe inspect train.rec                  labels, ids, tensors, images
  recordpipe inspect events.out.tfevents.1 -n 0 scalars of TensorBoard by tag

Record numbers and offsets start at 0. An offset is the position of a record's first byte in the uncompressed data.
${EXIT_CODES}`;
