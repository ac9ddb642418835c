import type { Command } from 'commander';
import { EXIT_CODES, run } from '../command-parts.ts';
import { withInputOptions } from '../input-options.ts';
import { withShardOptions } from '../shard-options.ts';
import { withTransformOptions } from '../transform-options.ts';

export function register(root: Command): void {
  const command = root
    .command('convert')
    .description(
      'Convert record files to another format or compression; payloads stay byte for byte the same.',
    )
    .argument(
      '[files...]',
      'an input (- for stdin) and an output (- for stdout); with --output-dir: inputs only',
    )
    .option('--output-dir <folder>', 'convert each input into this directory, keeping its base name')
    .option(
      '--keep-going',
      'with --output-dir: report files that cannot be converted, and convert the others',
    );
  withShardOptions(withInputOptions(withTransformOptions(command)));
  const to = command.options.find(({ long }) => long === '--to')!;
  to.description = 'output format (default: from the extension; required for stdout and with --output-dir)';
  command
    .addHelpText('after', HELP)
    .action((files, options) =>
      run(async () => (await import('../actions/convert.ts')).convert(files, options)),
    );
}

const HELP = `
Examples:
  recordpipe convert train.tfrecord train.rec
  recordpipe convert train.rec train.tfrecord.gz
  recordpipe convert lines.txt lines.tfrecord --format textline
  recordpipe convert train.tfrecord - --to jsonl | jq -r .data | head
  recordpipe convert data/ --output-dir converted --to recordio

jsonl stores one {"data":"<base64>"} object per line; base64 stores one base64 string per line. Both can represent any bytes. Other fields of a
jsonl object are ignored on input. textline cannot represent a record that contains a newline: such a record is an error. Files named *.jsonl are
read and written as jsonl; use --from textline or --to textline to treat their lines as plain text. --delimiter and --cr apply to both input
and output. Text lines converted to text lines keep their carriage returns unless you pass --cr.
${EXIT_CODES}`;
