import { type Command, Option } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../../command-parts.ts';
import { withInputOptions } from '../../input-options.ts';
import { withObjectOptions } from '../../object-options.ts';
import { delimiterOption, sizeOption } from '../../option-values.ts';
import { payloadCrcOption } from '../../options.ts';
import { withShardOptions } from '../../shard-options.ts';

export function register(root: Command): void {
  const command = root
    .command('index')
    .description('Write and check indexes: where the records lie, for getting them by number.')
    .argument('[inputs...]', INPUTS.replace(', - for stdin', ''))
    .addOption(
      new Option(
        '--kind <kind>',
        'rpidx: FILE.rpidx; vahidk, dali (TFRecord) and mx (RecordIO): NAME.idx for NAME.rec',
      )
        .choices(['rpidx', 'vahidk', 'dali', 'mx'])
        .default('rpidx'),
    )
    .option('-o, --output <file>', 'where the index is, or goes (one input only)')
    .option('--check', 'write nothing: check indexes that are there against all of their data')
    .addOption(
      new Option('-f, --force', 'rebuild indexes and replace existing files of their names').conflicts(
        'check',
      ),
    )
    .option('--full', 'verify the checksums of the payloads as well')
    .addOption(
      new Option('--format <format>', 'format of the files')
        .choices(['auto', 'tfrecord', 'recordio', 'textline'])
        .default('auto'),
    )
    .option(
      '--max-record-size <size>',
      'longest payload that is not an error, like 8MiB (default: 2 GiB)',
      sizeOption,
    )
    .addOption(payloadCrcOption())
    .option('--json', 'print one JSON document')
    .addOption(new Option('--jsonl', 'print one JSON event per line').conflicts('json'))
    .option('-q, --quiet', 'no progress, and nothing said of what is well')
    .option('--no-progress', 'no progress')
    .addOption(
      new Option('--multipart <kind>', 'how records in parts are put together (default: dmlc)')
        .choices(['dmlc', 'concat', 'error'])
        .helpGroup('RecordIO:'),
    )
    .addOption(
      new Option('--cr <kind>', 'carriage returns: crlf takes one off before a newline (default), keep, all')
        .choices(['keep', 'crlf', 'all'])
        .helpGroup('Lines of text:'),
    )
    .addOption(
      new Option('--delimiter <text>', 'what ends a line, with \\n \\r \\t \\0 \\xHH \\uHHHH (default: \\n)')
        .argParser(delimiterOption)
        .helpGroup('Lines of text:'),
    );
  withObjectOptions(withShardOptions(withInputOptions(command)))
    .addHelpText('after', HELP)
    .action((inputs, options) =>
      run(async () => (await import('../index-command.ts')).index(inputs, options)),
    );
}

const HELP = `
Examples:
  recordpipe index data/                        a FILE.rpidx beside each file
  recordpipe index train.tfrecord --kind dali   as tfrecord2idx writes it
  recordpipe index train.rec --kind mx          train.idx, as MXNet expects it
  recordpipe index 'train-*' --check

An index that fits its file is left alone; one that does not is rebuilt, except MXNet's, whose keys --force discards. A file that is
no index is replaced only with --force.
${EXIT_CODES}`;
