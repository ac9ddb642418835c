import { type Command, Option } from 'commander';
import { EXIT_CODES, run } from '../../command-parts.ts';
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
    .option('-q, --quiet', 'no summary');
  withObjectOptions(check)
    .addHelpText('after', HELP)
    .action((file, options) =>
      run(async () => (await import('../manifest-check.ts')).manifestCheck(file, options)),
    );
}

const HELP = `
Examples:
  recordpipe manifest check train.manifest
  recordpipe manifest check s3://bucket/train.manifest --attributes image-ref,label --head-objects
${EXIT_CODES}`;
