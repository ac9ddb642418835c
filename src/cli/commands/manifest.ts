import { type Command, Option } from 'commander';
import { EXIT_CODES, run } from '../command-parts.ts';
import { withInputOptions } from '../input-options.ts';
import { withObjectOptions } from '../object-options.ts';
import { atLeast } from '../options.ts';

export function register(root: Command): void {
  const manifest = root.command('manifest').description('Check or create SageMaker manifests.');
  const check = manifest
    .command('check')
    .description('Check a ManifestFile or AugmentedManifestFile and report problems by line and column.')
    .argument('<manifest>', 'a path, s3://bucket/key, or - for stdin')
    .option('-a, --attributes <names>', 'AttributeNames of the training job, comma-separated')
    .option('--head-objects', 'also check that each listed object exists')
    .option('--max-problems <n>', 'maximum problems listed (all are counted)', atLeast(0), 100)
    .addOption(new Option('--json', 'print one JSON document'))
    .addOption(new Option('--jsonl', 'print one JSON object per line').conflicts('json'))
    .option('-q, --quiet', 'hide the summary');
  withObjectOptions(check)
    .addHelpText('after', HELP)
    .action((file, options) =>
      run(async () => (await import('../actions/manifest.ts')).manifestCheck(file, options)),
    );
  const create = manifest
    .command('create')
    .description('List objects and write a ManifestFile of them, in listing order.')
    .argument('<addresses...>', 's3://bucket/prefix/, s3://bucket/key or quoted patterns, all in one bucket')
    .option('-o, --output <file>', 'output path or s3://bucket/key (default: stdout)')
    .option('-f, --force', 'overwrite an existing --output')
    .option('--prefix <prefix>', 'prefix shared by all addresses (default: their common directory)')
    .option('-q, --quiet', 'hide the summary');
  withObjectOptions(withInputOptions(create))
    .addHelpText('after', CREATE_HELP)
    .action((addresses, options) =>
      run(async () => (await import('../actions/manifest.ts')).manifestCreate(addresses, options)),
    );
}

const CREATE_HELP = `
Examples:
  recordpipe manifest create s3://bucket/train/ -o train.manifest
  recordpipe manifest create 's3://bucket/train/*.tfrecord' -o s3://bucket/manifests/train.manifest
${EXIT_CODES}`;

const HELP = `
Examples:
  recordpipe manifest check train.manifest
  recordpipe manifest check s3://bucket/train.manifest --attributes image-ref,label --head-objects
${EXIT_CODES}`;
