import { checkPath, type OptionNames } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { crc32c } from '../crc32c/crc32c.ts';
import { UsageError } from '../errors.ts';
import type { RecordFilter } from '../messages/filter/record-filter.ts';
import type { RecordWriter, WrittenFile } from '../records/write/record-writer.ts';
import { temporaryFolder } from '../storage/inspect.ts';
import { checkLimit, type Filling, fillShards } from './fill-shards.ts';
import { KeySorter } from './key-sorter.ts';
import { closeInput, eachRecord, type InputOpening, openInput, progressOf } from './record-input.ts';
import { sourceChanged, withRereadable } from './reread-sources.ts';
import { filterOf, selectedRecords } from './selected-records.ts';
import { checkShardNames, MAX_OPEN_SHARDS, ShardSet, shardNaming, smallBuffers } from './shard-set.ts';
import { keepingLineEnds } from './text-lines.ts';
import {
  SELECTING_NAMES,
  type SelectingOptions,
  type TransformOptions,
  type TransformResult,
  transformOptions,
} from './transform-options.ts';

/**
 * Options of {@link splitFile}. Exactly one of the first four fields is required; all others have
 * defaults.
 */
export interface SplitOptions extends SelectingOptions {
  /** Number of records per shard. The last shard may have fewer. */
  readonly recordsPerShard: number | undefined;
  /**
   * Maximum size of a shard, in bytes, uncompressed and including framing. A larger record gets its
   * own shard.
   */
  readonly maxShardBytes: number | undefined;
  /**
   * Number of shards. The numbers of records per shard differ by at most one; the first shards
   * receive the extra records. The source is read twice.
   */
  readonly shards: number | undefined;
  /**
   * Number of shards. Each record is assigned to the shard CRC-32C(payload) modulo this number, so
   * duplicates share a shard.
   */
  readonly hashShards: number | undefined;
  /**
   * Text after the shard number. Default: the extension of the format, such as `.tfrecord` or
   * `.rec.gz`; for text converted to text, the extension of the source, such as `.csv`.
   */
  readonly suffix: string | undefined;
  /**
   * Folder for temporary files. `shards` copies sources that can be read only once (pipes) to it;
   * `hashShards` above 500 sorts records that exceed 128 MiB in it. Default: the folder of the
   * shards.
   */
  readonly tempDir: string | undefined;
}

const NAMES: OptionNames<Omit<SplitOptions, keyof TransformOptions>> = {
  ...SELECTING_NAMES,
  recordsPerShard: true,
  maxShardBytes: true,
  shards: true,
  hashShards: true,
  suffix: true,
  tempDir: true,
};

/** Result of {@link splitFile}. */
export interface SplitResult extends Omit<TransformResult, 'output'> {
  /** Shards, sorted by name. */
  readonly outputs: readonly WrittenFile[];
}

/**
 * Splits a file into shards `PREFIX-00000-of-00012.EXT`, …. Keeps the order of records, except with
 * `hashShards`. The shards appear together when all are complete, or not at all. A source without
 * records yields one empty shard, or the requested number of empty shards.
 *
 * @param source a path, `-` for standard input, or any other byte source
 * @param prefix path prefix of the shards
 * @throws the same errors as `convertFile`; `already-exists` if a shard with this prefix exists,
 *   with any number
 * @throws UsageError for an invalid option value; unless exactly one way of splitting is set
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { splitFile } from 'recordpipe/transform';
 * const numbers = [1, 2, 3, 4, 5].map((n) => encodeTFRecord(Uint8Array.of(n)));
 * const { outputs } = await splitFile(numbers, 'part', { shards: 2, overwrite: true });
 * console.log(outputs.map(({ path, records }) => `${path}: ${records}`).join(' ')); // part-00000-of-00002.tfrecord: 3 part-00001-of-00002.tfrecord: 2
 * ```
 */
export async function splitFile(
  source: ByteSource,
  prefix: string,
  given: Partial<SplitOptions> = {},
): Promise<SplitResult> {
  checkPath('prefix', prefix);
  checkWays(given);
  const { shards, tempDir } = given;
  const filter = await filterOf(given);
  if (shards === undefined) return split(source, prefix, given, filter, undefined);
  const options = keepingLineEnds(transformOptions('splitFile', given, NAMES), undefined);
  const spool = { output: prefix, tempDir, signal: options.signal };
  return withRereadable([source], spool, async ([{ source: again, uri }]) => {
    const reading = { ...options, read: { ...options.read, uri: options.read.uri ?? uri } };
    const records = await countRecords(again, { ...reading, filter });
    filter?.reset();
    return split(again, prefix, { ...given, ...reading }, filter, records, source);
  });
}

async function countRecords(source: ByteSource, opening: InputOpening): Promise<number> {
  let records = 0;
  const input = await openInput(source, opening);
  if (input.filter === undefined) for await (const batch of input.batches) records += batch.length;
  else
    await eachRecord(
      input,
      () => {
        records++;
        return undefined;
      },
      () => {},
    );
  return records;
}

/**
 * Splits a source into shards.
 * @param original the source, or the pipe from which it was copied; shards never replace it
 */
async function split(
  source: ByteSource,
  prefix: string,
  given: Partial<SplitOptions>,
  filter: RecordFilter | undefined,
  records: number | undefined,
  original: ByteSource = source,
): Promise<SplitResult> {
  const options = keepingLineEnds(transformOptions('splitFile', given, NAMES), undefined);
  const input = await openInput(source, { ...options, filter });
  const naming = shardNaming(input, prefix, given.suffix, options);
  const { kind } = naming;
  const { hashShards, tempDir } = given;
  const allOpen = hashShards !== undefined && hashShards <= MAX_OPEN_SHARDS;
  const set = new ShardSet(allOpen ? smallBuffers(naming, hashShards) : naming);
  let distribution: Distribution | undefined;
  try {
    await checkShardNames([original], naming);
    if (hashShards === undefined) distribution = await fillShards(set, given, records);
    else if (allOpen) distribution = await byHash(set, hashShards);
    else
      distribution = sortedByHash(
        set,
        hashShards,
        tempDir ?? temporaryFolder(`${prefix}x`),
        input.totalBytes,
      );
    const { take, end } = distribution;
    const progress = progressOf(input, options);
    let seen = 0;
    await eachRecord(input, take, (batch) => {
      seen += batch.length;
      progress(batch);
    });
    const selected = selectedRecords(filter, given);
    const found = selected.where?.matched ?? seen;
    if (records !== undefined && found !== records) throw sourceChanged(records, found, input.uri);
    await end();
    const outputs = await set.name();
    return { from: input.format, to: kind.format, compression: kind.compression, outputs, ...selected };
  } catch (error) {
    await set.discard();
    throw error;
  } finally {
    await distribution?.close?.();
    await closeInput(input);
  }
}

/** Distributes records to the shards of a set. */
interface Distribution extends Filling {
  /** Removes temporary files. */
  readonly close?: () => Promise<void>;
}

async function byHash(set: ShardSet, shards: number): Promise<Distribution> {
  const writers: RecordWriter[] = [];
  while (writers.length < shards) writers.push(await set.open());
  return {
    take: (payload) => writers[crc32c(payload) % shards].write(payload),
    end: async () => {
      for (const writer of writers) await set.finish(writer);
    },
  };
}

const SORT_MEMORY_BYTES = 128 * 1024 * 1024;

/**
 * Like `byHash`, but keeps only one shard open at a time. Sorts the records by shard first, in
 * temporary files if they do not fit in memory.
 */
function sortedByHash(
  set: ShardSet,
  shards: number,
  folder: string,
  totalBytes: number | undefined,
): Distribution {
  const sorter = new KeySorter({ memoryBytes: SORT_MEMORY_BYTES, folder, totalBytes });
  // Each shard has a key range, in which keys follow the source order.
  const keysOfShard = Math.floor(2 ** 32 / shards);
  let records = 0;
  const toShard = async (writers: { current: RecordWriter }, shard: number): Promise<void> => {
    while (set.finished < shard) {
      await set.finish(writers.current);
      writers.current = await set.open();
    }
  };
  return {
    take: (payload) => {
      const key = (crc32c(payload) % shards) * keysOfShard + Math.floor(records / 2 ** 32);
      return sorter.add(key, records++ % 2 ** 32, payload);
    },
    end: async () => {
      const writers = { current: await set.open() };
      await sorter.emit((payload) => {
        const shard = crc32c(payload) % shards;
        if (shard === set.finished) return writers.current.write(payload);
        return toShard(writers, shard).then(() => writers.current.write(payload));
      });
      await toShard(writers, shards - 1);
      await set.finish(writers.current);
    },
    close: () => sorter.close(),
  };
}

const WAYS = ['recordsPerShard', 'maxShardBytes', 'shards', 'hashShards'] as const;

function checkWays(given: Partial<SplitOptions>): void {
  const ways = WAYS.filter((way) => given[way] !== undefined);
  if (ways.length !== 1)
    throw new UsageError(
      `splitFile: expected exactly one of ${WAYS.join(', ')}, got ${ways.join(', ') || 'none'}`,
    );
  checkLimit(ways[0], given[ways[0]]);
}
