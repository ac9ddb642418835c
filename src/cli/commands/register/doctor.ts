import { type Command, Option } from 'commander';
import { EXIT_CODES, run } from '../../command-parts.ts';
import { withObjectOptions } from '../../object-options.ts';
import { sizeOption } from '../../option-values.ts';

export function register(root: Command): void {
  const command = root
    .command('doctor')
    .description(
      'Look whether s3:// can be read, and why not: credentials, connection, clock, region, permissions, speed.',
    )
    .argument('<address>', 's3://bucket, s3://bucket/prefix or an object; a path')
    .option('--json', 'print one JSON document')
    .option(
      '--probe <size>',
      'most bytes read to see how fast they come, 0 for none (default: 256 MiB)',
      sizeOption,
    )
    .addOption(
      new Option('--color <when>', 'colours (NO_COLOR is honoured)')
        .choices(['auto', 'always', 'never'])
        .default('auto'),
    );
  withObjectOptions(command)
    .addHelpText('after', HELP)
    .action((address, options) => run(async () => (await import('../doctor.ts')).doctor(address, options)));
}

const HELP = `
Examples:
  recordpipe doctor s3://bucket/train/
  recordpipe doctor s3://bucket --profile research --json
  recordpipe doctor s3://open-data/ --no-sign-request
  recordpipe doctor s3://bucket/a.tfrecord --endpoint-url http://localhost:9000 --probe 1GiB

Nothing is written, and no secret is printed.
${EXIT_CODES}`;
