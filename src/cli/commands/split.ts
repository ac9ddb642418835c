import { UsageError } from 'recordpipe/errors';
import type { SplitResult } from 'recordpipe/transform';
import { command, type Register } from '../command.ts';
import { ONE_FILE, sourceOf } from '../options/inputs.ts';
import { atLeast, parsed, size, type Values, value } from '../options/option.ts';
import { transformOptions } from '../options/transform.ts';
import { formatBytes, formatNumberOf, visible } from '../text/format.ts';
import { transforming } from '../transforming.ts';

const OPTIONS = {
  records: parsed('-n, --records <n>', 'records per shard', atLeast(1)),
  size: parsed('--size <size>', 'maximum shard size (uncompressed), e.g. 128MiB', size),
  shards: parsed('--shards <n>', 'number of shards, with equal numbers of records', atLeast(1)),
  byHash: parsed(
    '--by-hash <n>',
    'number of shards; a record goes to shard CRC-32C(payload) modulo N',
    atLeast(1),
  ),
  suffix: value(
    '--suffix <text>',
    'text after the shard number (default: the extension of the format; for text, that of the input)',
  ),
  tempDir: value(
    '--temp-dir <dir>',
    'with --shards: directory for a copy of stdin (default: next to the shards)',
  ),
  ...transformOptions,
};

export const register: Register = command({
  name: 'split',
  description: 'Split a file into shards PREFIX-00000-of-00012.EXT; writes all shards or none.',
  arguments: { '<input>': ONE_FILE, '<prefix>': 'path prefix of the shards' },
  options: OPTIONS,
  help: `
Examples:
  recordpipe split train.tfrecord train --shards 12
  recordpipe split train.rec out/train --size 128MiB --output-compression gzip
  recordpipe split train.rec part --by-hash 10      duplicates share a shard

Order is kept: merging the shards restores the input (except with --by-hash). Existing shards with the same prefix are an error unless you pass --force.

Text lines converted to text lines keep their carriage returns unless you pass --cr. Shards of text files keep the extension of the input, e.g. .csv.`,
  action: split,
});

async function split(input: string, prefix: string, options: Values<typeof OPTIONS>): Promise<number> {
  const { records, size, shards, byHash, suffix, tempDir } = options;
  if ([records, size, shards, byHash].filter((way) => way !== undefined).length !== 1)
    throw new UsageError('split: pass exactly one of --records, --size, --shards and --by-hash');
  if (prefix === '-')
    throw new UsageError('split: expected a path prefix, got -; split writes several files');
  const { splitFile } = await import('recordpipe/transform');
  return transforming(options, {
    verb: 'split',
    output: prefix,
    work: (common) =>
      splitFile(sourceOf(input).source, prefix, {
        ...common,
        recordsPerShard: records,
        maxShardBytes: size,
        shards,
        hashShards: byHash,
        suffix,
        tempDir,
      }),
    summary,
  });
}

function summary({ outputs }: SplitResult): string {
  const records = outputs.reduce((sum, shard) => sum + shard.records, 0);
  const bytes = outputs.reduce((sum, shard) => sum + shard.bytes, 0);
  const last = outputs.length > 1 ? ` … ${visible(outputs[outputs.length - 1].path)}` : '';
  return `${visible(outputs[0].path)}${last}: ${formatNumberOf(outputs.length, 'shard')}, ${formatNumberOf(records, 'record')}, ${formatBytes(bytes)}`;
}
