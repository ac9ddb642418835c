import type { Command } from 'commander';
import { EXIT_CODES, run } from '../command-parts.ts';
import { atLeast, sizeOption } from '../options.ts';
import { withTransformOptions } from '../transform-options.ts';

export function register(root: Command): void {
  const command = root
    .command('split')
    .description('Split a file into shards PREFIX-00000-of-00012.EXT; writes all shards or none.')
    .argument('<input>', 'a file, s3://bucket/key, or - for stdin')
    .argument('<prefix>', 'path prefix of the shards')
    .option('-n, --records <n>', 'records per shard', atLeast(1))
    .option('--size <size>', 'maximum shard size (uncompressed), e.g. 128MiB', sizeOption)
    .option('--shards <n>', 'number of shards, with equal numbers of records', atLeast(1))
    .option('--by-hash <n>', 'number of shards; a record goes to shard CRC-32C(payload) modulo N', atLeast(1))
    .option(
      '--suffix <text>',
      'text after the shard number (default: the extension of the format; for text, that of the input)',
    )
    .option(
      '--temp-dir <folder>',
      'directory for a copy of stdin, with --shards (default: next to the shards)',
    );
  withTransformOptions(command)
    .addHelpText('after', HELP)
    .action((input, prefix, options) =>
      run(async () => (await import('../actions/split.ts')).split(input, prefix, options)),
    );
}

const HELP = `
Examples:
  recordpipe split train.tfrecord train --shards 12
  recordpipe split train.rec out/train --size 128MiB --output-compression gzip
  recordpipe split train.rec part --by-hash 10      duplicates share a shard

Order is kept: merging the shards restores the input (except with --by-hash). Existing shards with the same prefix are an error.

Text lines converted to text lines keep their carriage returns unless you pass --cr. Shards of a .jsonl file copy its lines unchanged, whatever
JSON they contain. --from jsonl and --to jsonl select {"data":"<base64>"} lines. Shards of text files keep the extension of the input, e.g. .csv.
${EXIT_CODES}`;
