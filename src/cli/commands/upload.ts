import { type Command, Option } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../command-parts.ts';
import { atLeast, payloadCrcOption, withReportingOptions } from '../options.ts';

export function register(root: Command): void {
  const command = root
    .command('upload')
    .description('Validate record files and upload them; invalid files are rejected.')
    .usage('[options] <files...> <destination>')
    .argument(
      '<files...>',
      `${INPUTS.replace(', - for stdin', '')}; the last argument is the destination: s3://bucket/folder/, or s3://bucket/key for one file`,
    );
  withReportingOptions(command)
    .addOption(payloadCrcOption())
    .option('--schema <file>', 'also check records against a schema written by recordpipe schema')
    .option('--no-validate', 'upload without validating')
    .option('-n, --dry-run', 'validate and show what would be uploaded')
    .addOption(
      new Option('--if-changed', 'skip files whose object has the same size and checksum').conflicts(
        'clobber',
      ),
    )
    .addOption(new Option('--no-clobber', 'skip files whose object exists').conflicts('force'))
    .option('-f, --force', 'overwrite existing objects, and an existing --manifest')
    .option('--manifest <file>', 'after all uploads succeed, write a SageMaker ManifestFile (path or s3://…)')
    .option('--content-type <type>', 'MIME type of the objects')
    .option('--max-errors <n>', 'maximum findings listed per file (all are counted)', atLeast(0), 100)
    .option('--fail-fast', 'start no new file after one is invalid or fails')
    .addHelpText('after', HELP)
    .action((files, options) =>
      run(async () =>
        (await import('../actions/upload.ts')).upload(files.slice(0, -1), files.at(-1), options),
      ),
    );
}

const HELP = `
Examples:
  recordpipe upload data/ s3://bucket/train/
  recordpipe upload 'data/**/*.tfrecord' s3://bucket/train/ --force --if-changed --manifest train.manifest
  recordpipe upload a.tfrecord s3://bucket/b.tfrecord --no-clobber
  recordpipe upload data/ s3://bucket/train/ --dry-run --json

A destination with a trailing slash is a folder: files found in directories and patterns keep their relative path, other files their base name.
Any other destination is the key of a single object. An existing object with the same size and checksum is kept; any other is an error unless
you pass --force (overwrite it) or --no-clobber (keep it). With --force --if-changed only files that differ are uploaded.

Each file is validated, then uploaded; several files run in parallel. If a file changes in between, its upload is aborted and reported as an error.
S3 verifies the received data by CRC-32C. On a signal, incomplete uploads are aborted. Parts uploaded by a killed process are reused.
${EXIT_CODES}`;
