import { checkOptionNames, type OptionNames } from '../bytes/arguments.ts';
import { RecordpipeError } from '../errors.ts';
import { expandWithNotices, type FileInputs } from './expand-inputs.ts';
import { checkedReading, FILES_OPTION_NAMES, type FilesOptions } from './files-options.ts';
import { checkFilter, filteredReport } from './filtered-report.ts';
import { type LookedReport, statsOfFile } from './look-inside.ts';
import { runFiles } from './run-files.ts';
import { type SchemaOptions, schemaOf, type TypeConflict } from './schema/infer-schema.ts';
import type { RecordSchema } from './schema/schema.ts';
import { type DatasetStats, MAX_FINDINGS, type StatsFinding, StatsMerger } from './stats/dataset-stats.ts';

/** Options of {@link collectStats}. Every field has a default. */
export interface CollectStatsOptions extends FilesOptions {
  /** Whether to keep sample images: up to 16 images of up to 128 KiB each. Default false. */
  readonly samples: boolean;
  /**
   * Expression that selects the records of the statistics: see `compileFilter`. All records are
   * verified. Default: all records.
   */
  readonly where: string | undefined;
}

const NAMES: OptionNames<CollectStatsOptions> = { ...FILES_OPTION_NAMES, samples: true, where: true };

/**
 * Validates every record of many files, as `validateFiles` does, and collects statistics: sizes,
 * record types, and the values of each feature. Memory grows with the number of features and files,
 * not with the number of records. `findings` lists invalid data and unreadable files.
 *
 * @param inputs files, folders, patterns, `@list`, `-`: see `expandInputs`
 * @throws the same errors as `validateFiles`
 * @example
 * ```ts
 * import { collectStats } from 'recordpipe/check';
 * const { records, findings } = await collectStats(['missing.tfrecord']);
 * console.log(records, findings.first[0].code); // 0 not-found
 * ```
 */
export async function collectStats(
  inputs: FileInputs,
  options: Partial<CollectStatsOptions> = {},
): Promise<DatasetStats> {
  checkOptionNames('collectStats', options, NAMES);
  const { blocking = false, samples = false, where, jobs, onNotice, onProgress, signal } = options;
  const reading = checkedReading(options);
  if (where !== undefined) await checkFilter(where);
  const { files } = await expandWithNotices(inputs, options.format, options);
  const look = { stats: { samples }, where };
  const task = { check: 'validate', maxErrors: MAX_FINDINGS, blocking, reading, look } as const;
  const merger = new StatsMerger();
  const reports: readonly LookedReport[] = await runFiles(files, task, {
    jobs,
    onFileInOrder: (report: LookedReport) => {
      merger.add(report.stats ?? statsOfFile(report));
    },
    onProgress,
    signal,
  });
  const stats = merger.merged();
  return where === undefined ? stats : { ...stats, where: filteredReport(where, reports, onNotice) };
}

/** Options of {@link inferSchema}. Every field has a default. */
export interface InferSchemaOptions extends Omit<CollectStatsOptions, 'samples' | 'where'>, SchemaOptions {}

/** Result of {@link inferSchema}. */
export interface InferredSchema {
  /** The strictest schema to which all records conform. */
  readonly schema: RecordSchema;
  /** Features that have several types, which example.proto does not allow. */
  readonly conflicts: readonly TypeConflict[];
  /**
   * Statistics from which the schema was inferred. Their `findings` list invalid data and
   * unreadable files.
   */
  readonly stats: DatasetStats;
}

/**
 * Infers the strictest schema to which all records of many files conform: the type and presence of
 * each feature, list lengths, value ranges, string lengths, string domains, image kinds, and image
 * sizes.
 *
 * @param inputs files, folders, patterns, `@list`, `-`: see `expandInputs`
 * @throws RecordpipeError the same errors as `validateFiles`; with the code of the first finding,
 *   such as `not-found`, if no record could be read
 * @throws UsageError if no record has named features; for an invalid option
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { inferSchema } from 'recordpipe/check';
 * import { writeFileSync } from 'node:fs';
 * // An Example with one feature, x, which is the int64 7.
 * const example = Uint8Array.of(10, 12, 10, 10, 10, 1, 120, 18, 5, 26, 3, 10, 1, 7);
 * writeFileSync('x.tfrecord', encodeTFRecord(example));
 * const { schema } = await inferSchema('x.tfrecord');
 * console.log(schema.features['x'].range); // { min: 7, max: 7 }
 * ```
 */
export async function inferSchema(
  inputs: FileInputs,
  options: Partial<InferSchemaOptions> = {},
): Promise<InferredSchema> {
  checkOptionNames('inferSchema', options, { ...NAMES, loose: true });
  const { loose, ...collecting } = options;
  const stats = await collectStats(inputs, collecting);
  const [first] = stats.findings.first;
  if (stats.records === 0 && first !== undefined) throw findingError(first, stats);
  return { ...schemaOf(stats, { loose: loose ?? false }), stats };
}

/**
 * Converts a finding to an error. Strips the location from the message because the error appends it
 * again.
 */
export function findingError(
  { code, uri, record, offset, message }: StatsFinding,
  { files }: DatasetStats,
): RecordpipeError {
  const place = message.endsWith(`${uri})`) ? message.lastIndexOf(' (', message.length - uri.length - 1) : -1;
  const { compression = null } = files.find((file) => file.uri === uri) ?? {};
  return new RecordpipeError(code, place < 0 ? message : message.slice(0, place), {
    uri,
    record: record ?? undefined,
    offset: offset ?? undefined,
    compressed: compression !== null && compression !== 'none',
  });
}
