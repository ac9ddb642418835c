import { readText } from '../../storage/stored-source.ts';
import type { ExpandOptions, ShardNotice } from './input-options.ts';

/** Maximum size of a `dataset_info.json`. A larger file is ignored. */
const MAX_INFO_BYTES = 64 * 1024 * 1024;

/** A file of a set of shards. */
export interface ShardFile {
  readonly path: string;
  /** Whether an input names this file individually, so that the other shards are not expected. */
  readonly alone?: boolean | undefined;
}

/** Shards with the same name, grouped by the number of shards in their names. */
interface ShardSet {
  /** Folder and name before the number. */
  readonly stem: string;
  /** Extensions after the number. */
  readonly rest: string;
  readonly sizes: Map<number, { readonly digits: number; readonly numbers: Set<number>; alone: boolean }>;
}

/** Maximum number of shard numbers in a notice. */
const MAX_NUMBERS = 10;
const SHARD = /^(.*)-(\d{1,9})-of-(\d{1,9})(\.[^/]*)?$/s;

/**
 * A split in TensorFlow Datasets' `dataset_info.json`. `shardLengths` lists the number of records
 * of each shard.
 */
interface Split {
  readonly name: string;
  readonly lengths: readonly number[];
}

/** Collects the sets of shards that the names of files indicate. */
export class ShardSets {
  readonly #sets = new Map<string, ShardSet>();

  add({ path, alone = false }: ShardFile): void {
    const match = SHARD.exec(path);
    if (match === null) return;
    const [, stem, number, size, rest = ''] = match;
    const key = `${stem}\0${rest}`;
    let set = this.#sets.get(key);
    if (set === undefined) {
      set = { stem, rest, sizes: new Map() };
      this.#sets.set(key, set);
    }
    let one = set.sizes.get(Number(size));
    if (one === undefined) {
      one = { digits: size.length, numbers: new Set(), alone: true };
      set.sizes.set(Number(size), one);
    }
    one.numbers.add(Number(number));
    if (!alone || one.numbers.size > 1) one.alone = false;
  }

  /** Returns the problems of the sets, in the order in which the sets were added. */
  notices(): ShardNotice[] {
    const notices: ShardNotice[] = [];
    for (const set of this.#sets.values()) {
      if (set.sizes.size > 1) notices.push(mixed(set));
      for (const [size, { numbers, alone, digits }] of set.sizes) {
        const uri = nameOf(set, '*', size, digits);
        const surplus = firstOf(numbers, (number) => number >= size);
        const inside = numbers.size - surplus.count;
        if (surplus.count > 0)
          notices.push({
            code: 'surplus-shards',
            uri,
            total: size,
            ...surplus,
            message: `${countOf(surplus.count)} of ${uri} should not exist, because shard numbers begin at 0: ${listed(surplus, digits)}`,
          });
        if (alone || inside >= size) continue;
        const missing = { count: size - inside, shards: firstMissing(numbers, size) };
        notices.push({
          code: 'missing-shards',
          uri,
          total: size,
          ...missing,
          message: `${missing.count} of ${size} shards of ${uri} ${missing.count === 1 ? 'is' : 'are'} missing: ${listed(missing, digits)}`,
        });
      }
    }
    return notices;
  }

  /**
   * Yields the names and sizes of the sets in a folder.
   * @param folder ends with a slash, or is empty
   */
  *below(
    folder: string,
  ): Generator<{ name: string; sizes: readonly number[]; pathOf(number: number, size: number): string }> {
    for (const set of this.#sets.values()) {
      const name = set.stem.slice(set.stem.lastIndexOf('/') + 1);
      if (set.stem.length - name.length !== folder.length || !set.stem.startsWith(folder)) continue;
      yield {
        name: name + set.rest,
        sizes: [...set.sizes.keys()],
        pathOf: (number, size) =>
          nameOf(
            set,
            String(number).padStart(set.sizes.get(size)!.digits, '0'),
            size,
            set.sizes.get(size)!.digits,
          ),
      };
    }
  }
}

/** The shards described in `dataset_info.json`, compared with the files. */
export interface ComparedInfos {
  readonly notices: readonly ShardNotice[];
  /** Expected number of records of a file, by its path. */
  readonly expected: ReadonlyMap<string, number>;
}

/**
 * Compares the `dataset_info.json` of each folder with its shards. Ignores a description that
 * cannot be read or has no `shardLengths`.
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
      const what =
        sizes.length > 0 ? `but the file names specify ${sizes.join(' and ')}` : 'but no file belongs to it';
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

function nameOf({ stem, rest }: ShardSet, number: string, size: number, digits: number): string {
  return `${stem}-${number}-of-${String(size).padStart(digits, '0')}${rest}`;
}

function mixed(set: ShardSet): ShardNotice {
  const sizes = [...set.sizes.keys()].sort((a, b) => a - b);
  const uri = `${set.stem}-*-of-*${set.rest}`;
  return {
    code: 'mixed-shards',
    uri,
    total: sizes[sizes.length - 1],
    count: sizes.length,
    shards: sizes.slice(0, MAX_NUMBERS),
    message: `${uri} mixes sets of ${sizes.slice(0, MAX_NUMBERS).join(' and ')} shards; some shards are probably from an earlier run`,
  };
}

function firstMissing(numbers: ReadonlySet<number>, size: number): number[] {
  const missing: number[] = [];
  for (let number = 0; number < size && missing.length < MAX_NUMBERS; number++)
    if (!numbers.has(number)) missing.push(number);
  return missing;
}

function firstOf(
  numbers: ReadonlySet<number>,
  wanted: (number: number) => boolean,
): { count: number; shards: number[] } {
  const found = [...numbers].filter(wanted).sort((a, b) => a - b);
  return { count: found.length, shards: found.slice(0, MAX_NUMBERS) };
}

function countOf(count: number): string {
  return `${count} ${count === 1 ? 'shard' : 'shards'}`;
}

function listed({ count, shards }: { count: number; shards: readonly number[] }, digits: number): string {
  const names = shards.map((number) => String(number).padStart(digits, '0'));
  return names.join(', ') + (count > shards.length ? `, and ${count - shards.length} more` : '');
}

/**
 * Reports whether a file name contains the name of a split as a word, such as `train` in
 * `mnist-train.tfrecord`.
 */
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
