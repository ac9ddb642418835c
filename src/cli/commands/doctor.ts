import { type Command, Option } from 'commander';
import { EXIT_CODES, run } from '../command-parts.ts';
import { withObjectOptions } from '../object-options.ts';
import { sizeOption } from '../options.ts';

export function register(root: Command): void {
  const command = root
    .command('doctor')
    .description(
      'Diagnose access to an S3 location: credentials, connection, clock, region, permissions, throughput.',
    )
    .argument('<address>', 's3://bucket, s3://bucket/prefix, s3://bucket/key, or a local path')
    .option('--json', 'print one JSON document')
    .option(
      '--probe <size>',
      'maximum bytes to read to measure throughput; 0 skips the measurement (default: 256 MiB)',
      sizeOption,
    )
    .addOption(
      new Option('--color <when>', 'when to use colors (honors NO_COLOR)')
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    );
  withObjectOptions(command)
    .addHelpText('after', HELP)
    .action((address, options) =>
      run(async () => (await import('../actions/doctor.ts')).doctor(address, options)),
    );
}

const HELP = `
Examples:
  recordpipe doctor s3://bucket/train/
  recordpipe doctor s3://bucket --profile research --json
  recordpipe doctor s3://open-data/ --no-sign-request
  recordpipe doctor s3://bucket/a.tfrecord --endpoint-url http://localhost:9000 --probe 1GiB

doctor writes nothing and prints no secrets.
${EXIT_CODES}`;
