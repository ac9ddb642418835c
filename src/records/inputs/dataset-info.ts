import { readText } from '../../storage/read-text.ts';
import type { ExpandOptions, ShardNotice } from './input-options.ts';
import type { ShardSets } from './shard-sets.ts';

/** What TensorFlow Datasets writes beside its files: `shardLengths` of a split are the records of each shard, as texts. */
interface Split {
  readonly name: string;
  readonly lengths: readonly number[];
}

/** A longer one is no description. */
const MAX_INFO_BYTES = 64 * 1024 * 1024;

/** What descriptions of shards say, compared with the files. */
export interface ComparedInfos {
  readonly notices: readonly ShardNotice[];
  /** How many records a file should have, by its path. */
  readonly expected: ReadonlyMap<string, number>;
}

/**
 * Compares the `dataset_info.json` of folders with the shards in each. A description that cannot be read, or has no
 * `shardLengths`, says nothing.
 */
export async function compareInfos(
  infos: readonly string[],
  sets: ShardSets,
  options: ExpandOptions,
): Promise<ComparedInfos> {
  const notices: ShardNotice[] = [];
  const expected = new Map<string, number>();
  for (const info of infos) {
    const folder = info.slice(0, info.lastIndexOf('/') + 1);
    const found = [...sets.below(folder)];
    if (found.length === 0) continue;
    for (const { name, lengths } of splitsOf(await infoText(info, options))) {
      const named = found.filter((set) => nameHas(set.name, name));
      const fitting = named.filter(({ sizes }) => sizes.includes(lengths.length));
      for (const { pathOf } of fitting)
        for (const [shard, records] of lengths.entries())
          expected.set(pathOf(shard, lengths.length), records);
      if (fitting.length > 0) continue;
      const sizes = named.flatMap((set) => set.sizes);
      const what = sizes.length > 0 ? `the files say ${sizes.join(' and ')}` : 'there are no files of it';
      notices.push({
        code: 'dataset-info',
        uri: info,
        total: lengths.length,
        count: lengths.length,
        shards: [],
        message: `${info} lists ${lengths.length} shards of split ${JSON.stringify(name)}, ${what}`,
      });
    }
  }
  return { notices, expected };
}

/** Whether a name has that of a split as a word: `mnist-train.tfrecord`, `train`. */
function nameHas(name: string, split: string): boolean {
  return name.split(/[-.]/).includes(split);
}

async function infoText(info: string, options: ExpandOptions): Promise<string> {
  return readText(info, MAX_INFO_BYTES, options).catch(() => '');
}

function splitsOf(text: string): Split[] {
  let info: unknown;
  try {
    info = JSON.parse(text);
  } catch {
    return [];
  }
  const splits: unknown = (info as { splits?: unknown } | null)?.splits;
  if (!Array.isArray(splits)) return [];
  return splits.flatMap((split: { name?: unknown; shardLengths?: unknown } | null) => {
    const { name, shardLengths } = split ?? {};
    if (typeof name !== 'string' || name === '' || !Array.isArray(shardLengths) || shardLengths.length === 0)
      return [];
    const lengths = shardLengths.map(Number);
    return lengths.every((length) => Number.isSafeInteger(length) && length >= 0) ? [{ name, lengths }] : [];
  });
}
