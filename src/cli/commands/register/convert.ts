import type { Command } from 'commander';
import { EXIT_CODES, run } from '../../command-parts.ts';
import { withInputOptions } from '../../input-options.ts';
import { withShardOptions } from '../../shard-options.ts';
import { withTransformOptions } from '../../transform-options.ts';

export function register(root: Command): void {
  const command = root
    .command('convert')
    .description('Write the records of a file in another format or compression, every byte as it is.')
    .argument('[files...]', 'an input (- for stdin) and an output (- for stdout); with --output-dir, inputs')
    .option('--output-dir <folder>', 'convert every input into this folder, each under its own name')
    .option(
      '--keep-going',
      'with --output-dir: report files that cannot be converted, and convert the others',
    );
  withShardOptions(withInputOptions(withTransformOptions(command)));
  const to = command.options.find(({ long }) => long === '--to')!;
  to.description = 'format to write (default: by extension; to be named for stdout, and with --output-dir)';
  command
    .addHelpText('after', HELP)
    .action((files, options) => run(async () => (await import('../convert.ts')).convert(files, options)));
}

const HELP = `
Examples:
  recordpipe convert train.tfrecord train.rec
  recordpipe convert train.rec train.tfrecord.gz
  recordpipe convert lines.txt lines.tfrecord --format textline
  recordpipe convert train.tfrecord - --to jsonl | jq -r .data | head
  recordpipe convert data/ --output-dir converted --to recordio

jsonl has one object {"data":"<base64>"} per line, base64 just the base64 text; both hold any bytes. Other fields of the objects are ignored when
they are read. Lines of text (textline) hold what has no newline in it: any other record is an error that names it. A file that ends in .jsonl is
read and written as jsonl; --from textline and --to textline mean its lines as they are. --delimiter and --cr hold for the lines that are read and those
that are written. Lines that stay lines of text keep their carriage returns, unless --cr is given.
${EXIT_CODES}`;
