import { UsageError } from 'recordpipe/errors';
import { type SplitResult, splitFile } from 'recordpipe/transform';
import { byteSource } from '../source.ts';
import { formatBytes, formatNumberOf } from '../text/sizes.ts';
import { visible } from '../text/visible.ts';
import type { TransformCommandOptions } from '../transform-options.ts';
import { transforming } from '../transform-run.ts';

/** Options of `recordpipe split`. */
export interface SplitCommandOptions extends TransformCommandOptions {
  readonly records?: number;
  readonly size?: number;
  readonly shards?: number;
  readonly byHash?: number;
  readonly suffix?: string;
  readonly tempDir?: string;
}

/** Splits a file into shards. Returns the exit code. */
export async function split(input: string, prefix: string, options: SplitCommandOptions): Promise<number> {
  const { records, size, shards, byHash, suffix, tempDir } = options;
  const ways = [records, size, shards, byHash].filter((way) => way !== undefined);
  if (ways.length !== 1)
    throw new UsageError('split: pass exactly one of --records, --size, --shards and --by-hash');
  if (prefix === '-') throw new UsageError('split: writes several files; pass a path prefix instead of -');
  return transforming(options, {
    verb: 'split',
    output: prefix,
    work: (common) =>
      splitFile(byteSource(input).source, prefix, {
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
