import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { abortable } from '../bytes/abortable.ts';
import { checkPath, type OptionNames } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { crc32c } from '../crc32c/crc32c.ts';
import { RecordpipeError, UsageError } from '../errors.ts';
import type { RecordWriter, WrittenFile } from '../records/write/record-writer.ts';
import { isRereadable, temporaryFolder } from '../storage/inspect.ts';
import { openFileSink } from '../storage/local/file-output.ts';
import { forgetTemporary, temporaryPath } from '../storage/local/temporary-file.ts';
import { openSource } from '../storage/open-source.ts';
import { extensionOf } from './file-formats.ts';
import { KeySorter } from './key-sorter.ts';
import {
  closeInput,
  eachRecord,
  nameOf,
  openInput,
  progressOf,
  type RecordInput,
  type Take,
} from './record-input.ts';
import type { OutputKind } from './record-output.ts';
import { checkShardNames, type ShardNaming, ShardSet } from './shard-set.ts';
import { keepingLineEnds, textExtension, writingOptions } from './text-lines.ts';
import { type TransformOptions, type TransformResult, transformOptions } from './transform-options.ts';

/**
 * Options of {@link splitFile}. Exactly one of the first four fields is required; all others have
 * defaults.
 */
export interface SplitOptions extends TransformOptions {
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
  if (shards === undefined) return split(source, prefix, given, undefined);
  const options = keepingLineEnds(transformOptions('splitFile', given, NAMES), undefined);
  return countRecords(source, prefix, tempDir, options, (again, records, uri) =>
    split(again, prefix, { ...given, ...options, read: { ...options.read, uri } }, records, source),
  );
}

/**
 * Splits a source into shards.
 * @param original the source, or the pipe from which it was copied; shards never replace it
 */
async function split(
  source: ByteSource,
  prefix: string,
  given: Partial<SplitOptions>,
  records: number | undefined,
  original: ByteSource = source,
): Promise<SplitResult> {
  const options = keepingLineEnds(transformOptions('splitFile', given, NAMES), undefined);
  const input = await openInput(source, options);
  const kind = {
    format: options.to ?? input.format,
    compression: options.write.compression ?? 'none',
  } as const;
  const naming = {
    ...writingOptions(options, input.format),
    prefix,
    kind,
    suffix: given.suffix ?? suffixOf(input, kind),
  };
  const { hashShards, tempDir } = given;
  const allOpen = hashShards !== undefined && hashShards <= MAX_OPEN_SHARDS;
  const set = new ShardSet(allOpen ? smallBuffers(naming, hashShards) : naming);
  let distribution: Distribution | undefined;
  try {
    await checkShardNames(original, naming);
    if (hashShards === undefined) distribution = await inOrder(set, given, records);
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
    if (records !== undefined && seen !== records) throw changed(records, seen, input.uri);
    await end();
    const outputs = await set.name();
    return { from: input.format, to: kind.format, compression: kind.compression, outputs };
  } catch (error) {
    await set.discard();
    throw error;
  } finally {
    await distribution?.close?.();
    await closeInput(input);
  }
}

/** Returns the suffix of shard names. Text files keep the extension of the source. */
function suffixOf({ uri, format }: RecordInput, kind: OutputKind): string {
  const extension = extensionOf(kind.format, kind.compression);
  const own = format === 'textline' && kind.format === 'textline' ? textExtension(uri) : undefined;
  return own === undefined ? extension : own + extension.replace(/^\.txt/, '');
}

function changed(before: number, now: number, uri: string | undefined): RecordpipeError {
  const text = `the source changed: it had ${before} records when counted and ${now} when split`;
  return new RecordpipeError('source-changed', text, { uri });
}

/** Distributes records to the shards of a set. */
interface Distribution {
  readonly take: Take;
  /** Finishes all shards. */
  readonly end: () => Promise<void>;
  /** Removes temporary files. */
  readonly close?: () => Promise<void>;
}

async function inOrder(
  set: ShardSet,
  { recordsPerShard, maxShardBytes, shards }: Partial<SplitOptions>,
  records: number | undefined,
): Promise<Distribution> {
  let shard = await set.open();
  /** Reports whether the next record starts a new shard. */
  const full = (payload: Uint8Array): boolean => {
    if (maxShardBytes !== undefined)
      return shard.records > 0 && shard.frameBytes + shard.frameBytesOf(payload) > maxShardBytes;
    return shard.records >= (recordsPerShard ?? share(records as number, shards as number, set.finished));
  };
  const next = async (): Promise<void> => {
    await set.finish(shard);
    shard = await set.open();
  };
  const writeToNext = async (payload: Uint8Array): Promise<void> => {
    await next();
    await shard.write(payload);
  };
  return {
    take: (payload) => (full(payload) ? writeToNext(payload) : shard.write(payload)),
    end: async () => {
      while (set.finished + 1 < (shards ?? 0)) await next();
      await set.finish(shard);
    },
  };
}

/** Returns the number of records in a shard. */
function share(records: number, shards: number, shard: number): number {
  return Math.floor(records / shards) + (shard < records % shards ? 1 : 0);
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

/**
 * Maximum number of open shards, which bounds file descriptors and buffers. If there are more
 * shards, they are written one after another.
 */
const MAX_OPEN_SHARDS = 500;
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

/** Total memory for the buffers of all writers, in bytes. Each writer has three buffers. */
const HASH_BUFFER_BYTES = 96 * 1024 * 1024;

/** Returns the naming with small write buffers because all shards are open at once. */
function smallBuffers(naming: ShardNaming, shards: number): ShardNaming {
  const each = Math.floor(HASH_BUFFER_BYTES / (3 * shards));
  const bufferBytes = Math.min(Math.max(each, 4096), 1024 * 1024);
  return { ...naming, write: { bufferBytes, ...naming.write } };
}

const WAYS = ['recordsPerShard', 'maxShardBytes', 'shards', 'hashShards'] as const;
/** Maximum number of shards, whose names have five digits. */
const MAX_SHARDS = 99_999;

function checkWays(given: Partial<SplitOptions>): void {
  const ways = WAYS.filter((way) => given[way] !== undefined);
  if (ways.length !== 1)
    throw new UsageError(
      `splitFile: expected exactly one of ${WAYS.join(', ')}, got ${ways.join(', ') || 'none'}`,
    );
  const [way] = ways;
  const value = given[way] as number;
  const max = way === 'shards' || way === 'hashShards' ? MAX_SHARDS : Number.MAX_SAFE_INTEGER;
  if (!Number.isSafeInteger(value) || value < 1 || value > max)
    throw new UsageError(`${way}: expected an integer from 1 to ${max}, got ${value}`);
}

/**
 * Counts the records of a source, then calls `then` with a source that can be read again, the
 * number of records, and the name of the source. Copies a source that can be read only once to a
 * temporary file first.
 * @param output path that determines the folder of the temporary file, unless `tempDir` is set
 */
async function countRecords<T>(
  source: ByteSource,
  output: string,
  tempDir: string | undefined,
  options: TransformOptions,
  then: (again: ByteSource, records: number, uri: string | undefined) => Promise<T>,
): Promise<T> {
  const uri = options.read.uri ?? nameOf(source);
  if (canBeReadAgain(source)) return then(source, await count(source, options), uri);
  const folder = tempDir ?? temporaryFolder(output);
  const path = temporaryPath(join(folder, 'recordpipe'));
  try {
    await copy(source, path, options.signal);
    return await then(path, await count(path, { ...options, read: { ...options.read, uri } }), uri);
  } finally {
    await unlink(path).catch(() => {});
    forgetTemporary(path);
  }
}

async function count(source: ByteSource, options: TransformOptions): Promise<number> {
  let records = 0;
  const input = await openInput(source, options);
  for await (const batch of input.batches) records += batch.length;
  return records;
}

function canBeReadAgain(source: ByteSource): boolean {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer || source instanceof Blob) return true;
  return (typeof source === 'string' || source instanceof URL) && isRereadable(source);
}

async function copy(source: ByteSource, path: string, signal: AbortSignal | undefined): Promise<void> {
  const { chunks } = openSource(source, { chunkBytes: 1024 * 1024 });
  const sink = await openFileSink(path, 'wx', {}, path, 0o600);
  try {
    for await (const chunk of abortable(chunks, signal)) await sink.write(chunk);
  } finally {
    await sink.close();
  }
}
