import { type Command, Option } from 'commander';
import { EXIT_CODES, INPUTS, run } from '../command-parts.ts';
import { withInputOptions } from '../input-options.ts';
import { withObjectOptions } from '../object-options.ts';
import { delimiterOption, payloadCrcOption, sizeOption } from '../options.ts';
import { withShardOptions } from '../shard-options.ts';

export function register(root: Command): void {
  const command = root
    .command('index')
    .description('Build or verify indexes: record offsets for random access.')
    .argument('[inputs...]', INPUTS.replace(', - for stdin', ''))
    .addOption(
      new Option(
        '--kind <kind>',
        'rpidx: native, FILE.rpidx; vahidk, dali (TFRecord) and mx (RecordIO): NAME.idx for NAME.rec',
      )
        .choices(['rpidx', 'vahidk', 'dali', 'mx'])
        .default('rpidx'),
    )
    .option('-o, --output <file>', 'path of the index (one input only)')
    .option('--check', 'verify existing indexes against their data; write nothing')
    .addOption(
      new Option('-f, --force', 'rebuild indexes and replace existing files of their names').conflicts(
        'check',
      ),
    )
    .option('--full', 'also verify payload checksums')
    .addOption(
      new Option('--format <format>', 'format of the input files')
        .choices(['auto', 'tfrecord', 'recordio', 'textline'])
        .default('auto'),
    )
    .option('--max-record-size <size>', 'maximum payload size, e.g. 8MiB (default: 2 GiB)', sizeOption)
    .addOption(payloadCrcOption())
    .option('--json', 'print one JSON document')
    .addOption(new Option('--jsonl', 'print one JSON object per line').conflicts('json'))
    .option('-q, --quiet', 'print only errors; no progress')
    .option('--no-progress', 'hide progress')
    .addOption(
      new Option('--multipart <kind>', 'how to join multipart records (default: dmlc)')
        .choices(['dmlc', 'concat', 'error'])
        .helpGroup('RecordIO:'),
    )
    .addOption(
      new Option(
        '--cr <kind>',
        'carriage returns: crlf strips one before each newline (default), keep keeps all, all strips all',
      )
        .choices(['keep', 'crlf', 'all'])
        .helpGroup('Text lines:'),
    )
    .addOption(
      new Option(
        '--delimiter <text>',
        'line delimiter; escapes: \\n \\r \\t \\0 \\xHH \\uHHHH (default: \\n)',
      )
        .argParser(delimiterOption)
        .helpGroup('Text lines:'),
    );
  withObjectOptions(withShardOptions(withInputOptions(command)))
    .addHelpText('after', HELP)
    .action((inputs, options) =>
      run(async () => (await import('../actions/index.ts')).index(inputs, options)),
    );
}

const HELP = `
Examples:
  recordpipe index data/                        FILE.rpidx next to each
  recordpipe index train.tfrecord --kind dali   the format of tfrecord2idx
  recordpipe index train.rec --kind mx          train.idx, as MXNet expects it
  recordpipe index 'train-*' --check

Indexes that match their file are kept; others are rebuilt. An MXNet index is rebuilt only with --force, because rebuilding discards its keys.
A file that is not an index is replaced only with --force.
${EXIT_CODES}`;
