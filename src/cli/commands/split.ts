import { statSync } from 'node:fs';
import { InvalidArgumentError } from 'commander';
import { UsageError } from 'recordpipe/errors';
import type { SplitByWeightsResult, SplitResult } from 'recordpipe/transform';
import { command, type Register } from '../command.ts';
import { filterOptions } from '../options/filter.ts';
import { expandedInOrder, INPUTS, inputSelection, sourceOf } from '../options/inputs.ts';
import { endsAsFolder, isAddress } from '../options/objects.ts';
import { atLeast, grouped, parsed, size, type Values, value } from '../options/option.ts';
import { TEXT_NOTES, transformOptions } from '../options/transform.ts';
import { complain } from '../output.ts';
import { formatBytes, formatNumberOf, visible } from '../text/format.ts';
import { transforming } from '../transforming.ts';

const OPTIONS = {
  records: parsed('-n, --records <n>', 'number of records per shard', atLeast(1)),
  size: parsed('--size <size>', 'maximum shard size (uncompressed), e.g. 128MiB', size),
  shards: parsed(
    '--shards <n>',
    'number of shards; records are divided among them as equally as possible',
    atLeast(1),
  ),
  byHash: parsed(
    '--by-hash <n>',
    'number of shards; each record is written to shard number CRC-32C(payload) modulo N',
    atLeast(1),
  ),
  ...grouped('Named parts:', {
    weights: parsed(
      '--weights <name=weight,...>',
      'divide the records among named parts, e.g. train=0.8,val=0.1,test=0.1',
      weights,
    ),
    by: value(
      '--by <feature>',
      'keep records with the same value for this feature in the same part (default: keep only identical records together)',
    ),
    missing: value(
      '--missing <name>',
      'part for records that do not contain the --by feature (default: fail on the first such record)',
    ),
    seed: parsed('--seed <n>', 'random seed; the same seed gives the same result (default: 0)', atLeast(0)),
  }),
  suffix: value(
    '--suffix <text>',
    'text after the shard number (default: the extension of the output format or, for text lines, of the input)',
  ),
  tempDir: value(
    '--temp-dir <dir>',
    'with --shards: directory for temporary files (default: the directory that contains the shards)',
  ),
  ...filterOptions,
  ...transformOptions,
  ...inputSelection,
};

export const register: Register = command({
  name: 'split',
  description:
    'Split a file into shards named PREFIX-00000-of-00012.EXT, or split files into parts such as train, val and test. split writes either all shards or none.',
  usage: '[options] <inputs...> <prefix>',
  arguments: {
    '<inputs...>': `one input: a file, s3://bucket/key, or - for stdin. With --weights, one or more inputs: ${INPUTS}. The last argument is the path prefix for the shards, or a directory/`,
  },
  options: OPTIONS,
  examples: `
recordpipe split train.tfrecord train --shards 12
recordpipe split train.rec out/train --size 128MiB --output-compression gzip
recordpipe split train.rec part --by-hash 10  # duplicates share a shard
recordpipe split data/ out/ --weights train=0.8,val=0.1,test=0.1 --by user_id
recordpipe split all.tfrecord out/ --weights train=9,test=1 --shards 10
recordpipe split all.tfrecord cats --shards 4 --where '"cat" in tags'`,
  notes: `Unless you pass --by-hash or --weights, split keeps the order of the records, so merging the shards restores the input. If shards with the same prefix exist, split fails unless you pass --force.

With --weights, the shards of each part are named PREFIX-NAME-00000-of-00010.EXT or, in a directory, NAME-00000-of-00010.EXT. A prefix that ends with / is a directory, and split creates the directory if necessary. Each part is one file unless you pass --records, --size or --shards. A hash of the seed and the value of the --by feature determines the part to which a record is assigned. If --by is not set, the payload is hashed instead of the feature. The part therefore does not depend on the order or number of the files, and does not change when you add records.

${TEXT_NOTES} Shards of text files keep the input's extension, e.g. .csv.`,
  action: split,
});

type Options = Values<typeof OPTIONS>;

/** Parses `train=0.8,val=0.1`. */
function weights(text: string): Readonly<Record<string, number>> {
  const parts: Record<string, number> = {};
  for (const part of text.split(',')) {
    const [, name, weight] = /^([A-Za-z][\w.-]*)=(\d*\.?\d+(?:e-?\d+)?)$/i.exec(part.trim()) ?? [];
    if (name === undefined || Object.hasOwn(parts, name))
      throw new InvalidArgumentError('Expected distinct names with weights, such as train=0.8,test=0.2.');
    parts[name] = Number(weight);
  }
  return parts;
}

async function split(paths: string[], options: Options): Promise<number> {
  const inputs = paths.slice(0, -1);
  const prefix = paths[paths.length - 1];
  if (inputs.length === 0) throw new UsageError('split: expected an input and a path prefix of the shards');
  if (prefix === '-')
    throw new UsageError('split: expected a path prefix, got -; split writes several files');
  return options.weights === undefined
    ? splitOne(inputs, prefix, options)
    : splitParts(inputs, prefix, options.weights, options);
}

async function splitOne(inputs: readonly string[], prefix: string, options: Options): Promise<number> {
  const { records, size, shards, byHash, suffix, tempDir } = options;
  if ([records, size, shards, byHash].filter((way) => way !== undefined).length !== 1)
    throw new UsageError('split: pass exactly one of --records, --size, --shards, --by-hash and --weights');
  for (const name of ['by', 'missing', 'seed', 'include', 'exclude', 'strictShards'] as const)
    if (options[name] !== undefined)
      throw new UsageError(
        `split: ${name === 'strictShards' ? '--strict-shards' : `--${name}`} requires --weights`,
      );
  if (inputs.length > 1)
    throw new UsageError(
      `split: expected one input and a prefix, got ${inputs.length} inputs; merge several first: recordpipe merge X… -o - | recordpipe split - …`,
    );
  const { splitFile } = await import('recordpipe/transform');
  return transforming(options, {
    verb: 'split',
    output: prefix,
    work: (common) =>
      splitFile(sourceOf(inputs[0]).source, prefix, {
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

/** Warns about fractions that do not sum to 1, which may be a mistake. */
function warnAboutFractions(weights: Readonly<Record<string, number>>): void {
  const values = Object.values(weights);
  const sum = values.reduce((total, weight) => total + weight, 0);
  if (Math.abs(sum - 1) < 1e-6 || !values.every((weight) => weight < 1)) return;
  const shares = Object.entries(weights).map(([name, weight]) => `${name} ${percent(weight / sum)}`);
  complain(
    `recordpipe: warning: the weights sum to ${Number(sum.toFixed(6))}, not 1; the expected shares are ${shares.join(', ')}`,
  );
}

async function splitParts(
  inputs: readonly string[],
  prefix: string,
  weights: Readonly<Record<string, number>>,
  options: Options,
): Promise<number> {
  const { records, size, shards, byHash, by, missing, seed = 0, suffix, tempDir } = options;
  if (byHash !== undefined) throw new UsageError('split: pass only one of --by-hash and --weights');
  if ([records, size, shards].filter((limit) => limit !== undefined).length > 1)
    throw new UsageError('split: pass at most one of --records, --size and --shards');
  // If the prefix is forgotten, the last input would be used as one.
  if (statSync(prefix, { throwIfNoEntry: false })?.isFile())
    throw new UsageError(
      `split: expected a path prefix or a directory as the last argument, got the file ${prefix}`,
    );
  const files = await expandedInOrder(inputs, options);
  if (endsAsFolder(prefix) && !isAddress(prefix)) {
    const { makeFolder } = await import('recordpipe/records/write');
    makeFolder(prefix);
  }
  if (!options.quiet) warnAboutFractions(weights);
  const { splitByWeights } = await import('recordpipe/transform');
  return transforming(options, {
    verb: 'split',
    input: files[0],
    output: prefix,
    work: (common) =>
      splitByWeights(
        files.map((file) => sourceOf(file).source),
        prefix,
        {
          ...common,
          weights,
          by,
          missing,
          seed,
          recordsPerShard: records,
          maxShardBytes: size,
          shards,
          suffix,
          tempDir,
        },
      ),
    summary: ({ parts }) => parts.map(partSummary).join('\n'),
  });
}

function partSummary({ name, share, expectedShare, ...rest }: SplitByWeightsResult['parts'][number]): string {
  return `${name}: ${percent(share)} (expected ${percent(expectedShare)}): ${summary(rest)}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)}%`;
}

function summary({ outputs }: Pick<SplitResult, 'outputs'>): string {
  const records = outputs.reduce((sum, shard) => sum + shard.records, 0);
  const bytes = outputs.reduce((sum, shard) => sum + shard.bytes, 0);
  const last = outputs.length > 1 ? ` … ${visible(outputs[outputs.length - 1].path)}` : '';
  return `${visible(outputs[0].path)}${last}: ${formatNumberOf(outputs.length, 'shard')}, ${formatNumberOf(records, 'record')}, ${formatBytes(bytes)}`;
}
