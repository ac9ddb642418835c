import { type Command, Option } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../../command-parts.ts';
import { atLeast } from '../../option-values.ts';
import { payloadCrcOption, withReportingOptions } from '../../options.ts';

export function register(root: Command): void {
  const command = root
    .command('upload')
    .description('Check record files and upload the very bytes that were checked; bad ones are refused.')
    .usage('[options] <files...> <destination>')
    .argument(
      '<files...>',
      `${INPUTS.replace(', - for stdin', '')}; the last one is the destination, s3://bucket/folder/, or s3://bucket/key for one file`,
    );
  withReportingOptions(command)
    .addOption(payloadCrcOption())
    .option('--schema <file>', 'also check records against a schema that recordpipe schema wrote')
    .option('--no-validate', 'upload files without checking them')
    .option('-n, --dry-run', 'check, and say what would be uploaded')
    .addOption(
      new Option('--if-changed', 'skip files whose object has the same size and checksum').conflicts(
        'clobber',
      ),
    )
    .addOption(new Option('--no-clobber', 'skip files whose object exists').conflicts('force'))
    .option('-f, --force', 'replace existing objects, and an existing --manifest')
    .option(
      '--manifest <file>',
      'when all files are there, write a ManifestFile for SageMaker (path or s3://…)',
    )
    .option('--content-type <type>', 'MIME type of the objects')
    .option('--max-errors <n>', 'findings kept per file (all are counted)', atLeast(0), 100)
    .option('--fail-fast', 'begin no further file behind one that is bad or fails')
    .addHelpText('after', HELP)
    .action((files, options) =>
      run(async () => (await import('../upload.ts')).upload(files.slice(0, -1), files.at(-1), options)),
    );
}

const HELP = `
Examples:
  recordpipe upload data/ s3://bucket/train/
  recordpipe upload 'data/**/*.tfrecord' s3://bucket/train/ --force --if-changed --manifest train.manifest
  recordpipe upload a.tfrecord s3://bucket/b.tfrecord --no-clobber
  recordpipe upload data/ s3://bucket/train/ --dry-run --json

A destination that ends with a slash is a folder: files of folders and patterns keep their path below it, others their name. Any other is the name of
the one object. An existing object with the same size and checksum is left alone; any other is an error, unless --force (replace
it) or --no-clobber (leave it) is given. With --force --if-changed only files that differ are sent.

Each file is read and checked, and then sent, several at once; a file that changes in between is an error, and nothing of it stays. S3 checks what arrives by
CRC-32C. A signal takes back all that is not complete; what a killed process has left of a file is found again and used.
${EXIT_CODES}`;
