import type { Command } from 'commander';
import { EXIT_CODES, run } from '../../command-parts.ts';
import { atLeast, sizeOption } from '../../option-values.ts';
import { withTransformOptions } from '../../transform-options.ts';

export function register(root: Command): void {
  const command = root
    .command('split')
    .description('Write the records of a file into shards PREFIX-00000-of-00012.EXT, all of them or none.')
    .argument('<input>', 'a file, s3://bucket/key, or - for stdin')
    .argument('<prefix>', 'path and beginning of the names')
    .option('-n, --records <n>', 'so many records per shard', atLeast(1))
    .option('--size <size>', 'shards of at most this size (uncompressed), like 128MiB', sizeOption)
    .option('--shards <n>', 'so many shards of equally many records', atLeast(1))
    .option('--by-hash <n>', 'so many shards, each record by the CRC-32C of its payload modulo n', atLeast(1))
    .option(
      '--suffix <text>',
      'behind the number (default: the extension of the format; of texts, that of the input)',
    )
    .option('--temp-dir <folder>', 'for a copy of stdin, with --shards (default: where the shards go)');
  withTransformOptions(command)
    .addHelpText('after', HELP)
    .action((input, prefix, options) =>
      run(async () => (await import('../split.ts')).split(input, prefix, options)),
    );
}

const HELP = `
Examples:
  recordpipe split train.tfrecord train --shards 12
  recordpipe split train.rec out/train --size 128MiB --output-compression gzip
  recordpipe split train.rec part --by-hash 10      equal records into one shard

Order is kept, so that merging the shards gives the input again (but for --by-hash). Shards of the same prefix that are there already are an error.

Lines that stay lines of text keep their carriage returns, unless --cr is given. A .jsonl file that becomes a .jsonl file, as its shards do, is taken line by
line as it is, whatever JSON it holds; --from jsonl and --to jsonl mean lines {"data":"<base64>"}. Shards of texts have the
extension of the input, as .csv.
${EXIT_CODES}`;
