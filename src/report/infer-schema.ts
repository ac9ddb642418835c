import type { DatasetStats } from '../stats/dataset-stats.ts';
import { type SchemaOptions, schemaOf, type TypeConflict } from '../stats/infer-schema.ts';
import type { RecordSchema } from '../stats/schema.ts';
import { type CollectStatsOptions, collectStats } from './collect-stats.ts';
import type { FileInputs } from './expand-inputs.ts';

/** Options of {@link inferSchema}. Every field has a default; pass what differs. */
export interface InferSchemaOptions extends Omit<CollectStatsOptions, 'samples'>, SchemaOptions {}

/** What `inferSchema` found. */
export interface InferredSchema {
  /** What all records keep. */
  readonly schema: RecordSchema;
  /** Features of several types, which break the conformance rules of example.proto. */
  readonly conflicts: readonly TypeConflict[];
  /** What the schema was made of; what is wrong with the files is in its `findings`. */
  readonly stats: DatasetStats;
}

/**
 * The schema that the records of many files keep: type and presence of each feature, lengths of lists, ranges of values, lengths of texts, kinds and sizes of images.
 *
 * @param inputs files, folders, patterns, `@list`, `-`: see `expandInputs`
 * @throws RecordpipeError as `validateFiles`
 * @throws UsageError where no record is an Example; for a wrong option
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { inferSchema } from 'recordpipe/report';
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
  const { loose, ...collecting } = options;
  const stats = await collectStats(inputs, collecting);
  return { ...schemaOf(stats, { loose: loose ?? false }), stats };
}
