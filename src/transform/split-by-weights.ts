import { statSync } from 'node:fs';
import { checkPath, nearestName, type OptionNames } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { RecordpipeError, UsageError } from '../errors.ts';
import type { RecordFilter } from '../messages/filter/record-filter.ts';
import type { WrittenFile } from '../records/write/record-writer.ts';
import { withSlashes } from '../storage/local/local-paths.ts';
import { FeatureValue } from './feature-value.ts';
import { checkLimit, type Filling, fillShards, type ShardLimits } from './fill-shards.ts';
import { checkSeed } from './random-keys.ts';
import { readSources } from './read-sources.ts';
import {
  closeInput,
  type InputOpening,
  type NamedSource,
  named,
  openInput,
  type Take,
} from './record-input.ts';
import { sourceChanged, withRereadable } from './reread-sources.ts';
import { filterOf, selectedRecords } from './selected-records.ts';
import { checkShardNames, ShardSet, shardNaming, smallBuffers } from './shard-set.ts';
import { keepingLineEnds } from './text-lines.ts';
import {
  SELECTING_NAMES,
  type SelectingOptions,
  type TransformOptions,
  type TransformResult,
  transformOptions,
} from './transform-options.ts';
import { hashOf, seedBytes, WeightedParts } from './weighted-parts.ts';

/**
 * Options of {@link splitByWeights}. `weights` is required; all other fields have defaults. At most
 * one of `recordsPerShard`, `maxShardBytes` and `shards` is set; without them, each part is one
 * file.
 */
export interface SplitByWeightsOptions extends SelectingOptions {
  /**
   * Names and weights of the parts, such as `{ train: 0.8, val: 0.1, test: 0.1 }`. Weights are
   * relative: 8, 1 and 1 are the same. The order matters, because each part receives a range of
   * hashes. A name begins with a letter and consists of letters, digits, `_`, `.` and `-`.
   */
  readonly weights: Readonly<Record<string, number>>;
  /**
   * Name of a feature. Records with the same value of this feature are assigned to the same part.
   * Default: the payload determines the part, so that equal records are in the same part.
   */
  readonly by: string | undefined;
  /**
   * Name of the part for records without the feature `by`, or with an empty list: one of `weights`
   * or an additional part. Default: such a record is a `schema-mismatch` error.
   */
  readonly missing: string | undefined;
  /** Integer from 0 to 2^53 - 1 that determines the assignment. Default 0. */
  readonly seed: number;
  /** Number of records per shard. The last shard of a part may have fewer. */
  readonly recordsPerShard: number | undefined;
  /** Maximum size of a shard, in bytes, uncompressed and including framing. */
  readonly maxShardBytes: number | undefined;
  /** Number of shards of each part, with equal numbers of records. The sources are read twice. */
  readonly shards: number | undefined;
  /** Text after the shard number. Default: the extension of the format. */
  readonly suffix: string | undefined;
  /**
   * Folder for temporary files: `shards` copies sources that can be read only once (pipes) to it.
   * Default: the folder of the shards.
   */
  readonly tempDir: string | undefined;
}

const NAMES: OptionNames<Omit<SplitByWeightsOptions, keyof TransformOptions>> = {
  ...SELECTING_NAMES,
  weights: true,
  by: true,
  missing: true,
  seed: true,
  recordsPerShard: true,
  maxShardBytes: true,
  shards: true,
  suffix: true,
  tempDir: true,
};

/** One part of a split. */
export interface SplitPart {
  /** Name of the part. */
  readonly name: string;
  /** Weight of the part, divided by the sum of all weights; 0 for the part that `missing` adds. */
  readonly expectedShare: number;
  /**
   * Number of records in the part, divided by the number of records in all parts; 0 if there are no
   * records.
   */
  readonly share: number;
  /** Number of records in the part. */
  readonly records: number;
  /** Shards, sorted by name. */
  readonly outputs: readonly WrittenFile[];
}

/** Result of {@link splitByWeights}. */
export interface SplitByWeightsResult extends Omit<TransformResult, 'output'> {
  /** Seed of the random order. Use the same seed to reproduce the run. */
  readonly seed: number;
  /** Parts, in the same order as the weights. */
  readonly parts: readonly SplitPart[];
  /** Total number of records in all parts. */
  readonly records: number;
}

/**
 * Divides the records of several files into named parts, such as training, validation and test
 * data. Writes the shards `PREFIX-NAME-00000-of-00010.EXT`, … of each part; if the prefix is a
 * folder, `PREFIX/NAME-00000-of-00010.EXT`, …. Records keep their order in a part. All shards
 * appear together when they are complete, or none does.
 *
 * The part depends only on the seed, the weights and the value of the feature `by` (or the payload),
 * so that it is the same on every machine, for any order and number of files, and for records that
 * are added later. With h = CRC-32C of the value followed by the seed as 8 little-endian bytes, and
 * m = MurmurHash3's 32-bit finalizer of h, a record belongs to the first part whose cumulative
 * weight is above m / 2^32 (rounded to multiples of 2^-32). The value is:
 *
 * - bytes: the value itself; for a list of several values, each one after its length in 4
 *   little-endian bytes
 * - int64: 8 little-endian bytes for each value of the list
 * - float: 4 little-endian bytes for each value, where -0 is 0 and every NaN is 0x7fc00000
 *
 * @param sources one or more; each is a path, `-` for standard input, or any other byte source
 * @param prefix path prefix of the shards, or a folder
 * @throws the same errors as `convertFile`; `already-exists` if shards of a part exist;
 *   `schema-mismatch` for a record without the feature `by`, unless `missing` is set;
 *   `malformed-example` for a record that is neither an Example nor a SequenceExample, with `by`
 * @throws UsageError for an invalid option value, or if there are no sources
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { encodeExample } from 'recordpipe/messages';
 * import { splitByWeights } from 'recordpipe/transform';
 * const clicks = [3, 1, 3, 2].map((id) => encodeTFRecord(encodeExample({ user_id: { kind: 'int64', value: [id] } })));
 * const { parts } = await splitByWeights([clicks], 'clicks', { weights: { train: 3, test: 1 }, by: 'user_id', overwrite: true });
 * console.log(parts.map(({ name, records }) => `${name}: ${records}`).join(', ')); // train: 2, test: 2
 * ```
 */
export async function splitByWeights(
  sources: readonly ByteSource[],
  prefix: string,
  given: Partial<SplitByWeightsOptions>,
): Promise<SplitByWeightsResult> {
  checkPath('prefix', prefix);
  const complete = transformOptions('splitByWeights', given, NAMES);
  if (sources.length === 0) throw new UsageError('splitByWeights: expected at least one source');
  const { by, missing, seed = 0, shards, tempDir, weights } = given;
  checkSeed(seed);
  checkLimits(given);
  checkBy(by, missing);
  const parts = new WeightedParts(weights as Readonly<Record<string, number>>, missing);
  const chooser = new PartChooser(parts, by, seed);
  const filter = await filterOf(given);
  const run: SplitRun = { sources, prefix, given: { ...given, seed }, complete, parts, chooser, filter };
  if (shards === undefined) return writeParts(run, sources.map(named), undefined);
  return withRereadable(sources, { output: prefix, tempDir, signal: complete.signal }, async (again) =>
    writeParts(run, again, await countParts(run, again)),
  );
}

/** A split with its checked options. */
interface SplitRun {
  readonly sources: readonly ByteSource[];
  readonly prefix: string;
  readonly given: Partial<SplitByWeightsOptions> & { readonly seed: number };
  readonly complete: TransformOptions;
  readonly parts: WeightedParts;
  readonly chooser: PartChooser;
  readonly filter: RecordFilter | undefined;
}

/** Counts the records of each part. */
async function countParts(run: SplitRun, sources: readonly NamedSource[]): Promise<number[]> {
  const { complete, parts, chooser, filter } = run;
  const options = { ...keepingLineEnds(complete, undefined), onProgress: undefined, filter };
  const counts = parts.parts.map(() => 0);
  await readSources(await openFirst(sources, options), sources, options, (payload) => {
    counts[chooser.partOf(payload)]++;
    return undefined;
  });
  filter?.reset();
  return counts;
}

/** Writes the parts. @param counts number of records of each part; required for `shards` */
async function writeParts(
  { sources: originals, prefix, given, complete, parts: { parts }, chooser, filter }: SplitRun,
  sources: readonly NamedSource[],
  counts: readonly number[] | undefined,
): Promise<SplitByWeightsResult> {
  const options = { ...keepingLineEnds(complete, undefined), filter };
  const first = await openFirst(sources, options);
  const sets: ShardSet[] = [];
  try {
    const namings = parts.map(({ name }) => {
      const naming = shardNaming(first, partPrefix(prefix, name), given.suffix, options);
      return smallBuffers(naming, parts.length);
    });
    for (const naming of namings) await checkShardNames(originals, naming);
    const fillings: Filling[] = [];
    for (const [i, naming] of namings.entries()) {
      const set = new ShardSet(naming);
      sets.push(set);
      fillings.push(await fillShards(set, given, counts?.[i]));
    }
    const records = parts.map(() => 0);
    const take: Take = (payload) => {
      const part = chooser.partOf(payload);
      records[part]++;
      return fillings[part].take(payload);
    };
    const [{ kind }] = namings;
    // Only text written as text keeps carriage returns.
    const others = kind.format === 'textline' ? options : { ...options, read: complete.read };
    await readSources(first, sources, others, take);
    checkCounts(counts, records, sources);
    for (const { end } of fillings) await end();
    const outputs: WrittenFile[][] = [];
    for (const set of sets) outputs.push(await set.name());
    const { format: from } = first;
    return {
      from,
      to: kind.format,
      compression: kind.compression,
      seed: given.seed,
      ...report(parts, outputs),
      ...selectedRecords(filter, given),
    };
  } catch (error) {
    for (const set of sets) await set.discard();
    throw error;
  } finally {
    await closeInput(first);
  }
}

type Parts = WeightedParts['parts'];

function report(
  parts: Parts,
  outputs: readonly (readonly WrittenFile[])[],
): Pick<SplitByWeightsResult, 'records' | 'parts'> {
  const weights = sum(parts.map(({ weight }) => weight));
  const counts = outputs.map((files) => sum(files.map(({ records }) => records)));
  const total = sum(counts);
  return {
    records: total,
    parts: parts.map(({ name, weight }, i) => ({
      name,
      expectedShare: weight / weights,
      share: total === 0 ? 0 : counts[i] / total,
      records: counts[i],
      outputs: outputs[i],
    })),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

function openFirst(
  [{ source, uri }]: readonly NamedSource[],
  options: TransformOptions & Pick<InputOpening, 'filter'>,
): ReturnType<typeof openInput> {
  return openInput(source, { ...options, read: { ...options.read, uri: options.read.uri ?? uri } });
}

/** Returns the prefix of the shards of a part. */
function partPrefix(given: string, name: string): string {
  const prefix = withSlashes(given);
  if (prefix.endsWith('/')) return prefix + name;
  const isFolder = statSync(prefix, { throwIfNoEntry: false })?.isDirectory() === true;
  return isFolder ? `${prefix}/${name}` : `${prefix}-${name}`;
}

/** Chooses the part of each record. */
class PartChooser {
  readonly #parts: WeightedParts;
  readonly #by: string | undefined;
  readonly #value: FeatureValue | undefined;
  readonly #seed: Uint8Array;

  constructor(parts: WeightedParts, by: string | undefined, seed: number) {
    this.#parts = parts;
    this.#by = by;
    this.#value = by === undefined ? undefined : new FeatureValue(by);
    this.#seed = seedBytes(seed);
  }

  /**
   * Returns the index of the part.
   *
   * @throws RecordpipeError `schema-mismatch` for a record without the feature; `malformed-example`
   */
  partOf(payload: Uint8Array): number {
    const parts = this.#parts;
    const by = this.#value;
    const value = by === undefined ? payload : by.of(payload);
    if (value !== undefined) return parts.partOf(hashOf(value, this.#seed));
    if (parts.missing >= 0) return parts.missing;
    const name = this.#by ?? '';
    const names = by?.names(payload) ?? [];
    // A feature of this name may have an empty list.
    const similar = names.includes(name) ? undefined : nearestName(name, names);
    const hint = similar === undefined ? '' : `; did you mean ${JSON.stringify(similar)}?`;
    throw new RecordpipeError(
      'schema-mismatch',
      `the record has no value of the feature ${JSON.stringify(name)}${hint}; to write such records to a separate part, pass missing: 'NAME'`,
    );
  }
}

function checkCounts(
  counts: readonly number[] | undefined,
  records: readonly number[],
  sources: readonly NamedSource[],
): void {
  if (counts === undefined || counts.every((count, i) => count === records[i])) return;
  throw sourceChanged(sum(counts), sum(records), sources.length === 1 ? sources[0].uri : undefined);
}

const LIMITS = ['recordsPerShard', 'maxShardBytes', 'shards'] as const;

function checkLimits(given: ShardLimits): void {
  const set = LIMITS.filter((limit) => given[limit] !== undefined);
  if (set.length > 1)
    throw new UsageError(
      `splitByWeights: expected at most one of ${LIMITS.join(', ')}, got ${set.join(', ')}`,
    );
  for (const limit of set) checkLimit(limit, given[limit] as number);
}

function checkBy(by: unknown, missing: unknown): void {
  if (by !== undefined && typeof by !== 'string')
    throw new UsageError(`by: expected the name of a feature, got ${String(by)}`);
  if (by === undefined && missing !== undefined)
    throw new UsageError(
      'missing: requires the option by, because every record has the payload that determines its part',
    );
}
