import { type Command, Option } from 'commander';
import { EXIT_CODES, run } from '../../command-parts.ts';
import { withInputOptions } from '../../input-options.ts';
import { withObjectOptions } from '../../object-options.ts';
import { atLeast } from '../../option-values.ts';

export function register(root: Command): void {
  const manifest = root.command('manifest').description("SageMaker's manifests: check one.");
  const check = manifest
    .command('check')
    .description('Say what is wrong with a ManifestFile or AugmentedManifestFile, with line and column.')
    .argument('<manifest>', 'a path, s3://bucket/key, or - for stdin')
    .option('-a, --attributes <names>', 'AttributeNames of the job, with commas between them')
    .option('--head-objects', 'also ask for each object that is named')
    .option('--max-problems <n>', 'problems shown (all are counted)', atLeast(0), 100)
    .addOption(new Option('--json', 'print one JSON document'))
    .addOption(new Option('--jsonl', 'print one JSON event per line').conflicts('json'))
    .option('-q, --quiet', 'no summary');
  withObjectOptions(check)
    .addHelpText('after', HELP)
    .action((file, options) =>
      run(async () => (await import('../manifest-check.ts')).manifestCheck(file, options)),
    );
  const create = manifest
    .command('create')
    .description('List objects and write the ManifestFile that names them, in the order of the listing.')
    .argument('<addresses...>', 's3://bucket/prefix/, s3://bucket/key or quoted patterns, of one bucket')
    .option('-o, --output <file>', 'a path or s3://bucket/key (default: stdout)')
    .option('-f, --force', 'replace an existing --output')
    .option('--prefix <prefix>', 'what all addresses begin with (default: the folder they have in common)')
    .option('-q, --quiet', 'do not say how many there are');
  withObjectOptions(withInputOptions(create))
    .addHelpText('after', CREATE_HELP)
    .action((addresses, options) =>
      run(async () => (await import('../manifest-create.ts')).manifestCreate(addresses, options)),
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
