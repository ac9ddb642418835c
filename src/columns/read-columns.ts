import type { FileNames } from '../dataset/file-names.ts';
import { checkCount } from '../dataset/operator-options.ts';
import type { ErrorPlace } from '../errors.ts';
import { type FeaturePlan, planInternals } from '../messages/example/compile-features.ts';
import type { FeatureSpecs, ParsedBatch, PlanInt64 } from '../messages/example/feature-specs.ts';
import { eachRow, placeOfRow, type RecordRun, rowsOf } from '../messages/record-run.ts';
import { type ColumnBatchOptions, columnBatches } from './column-batches.ts';
import { type SourceOptions, sourceBatches } from './read-table-batches.ts';

/** Options of {@link readColumns}. Every field has a default. */
export interface ReadColumnsOptions extends SourceOptions, Partial<Omit<ColumnBatchOptions, 'signal'>> {}

/**
 * Reads the features of a plan from record files, batch by batch, one file after another. The arrays
 * of numbers are those of `plan.parseBatch`: new memory that you own, without copies in between, or
 * with the plan's option `reuse` valid until the next batch. Bytes are views of what was read.
 *
 * A batch has `batchRows` rows (default 1024), except for the last one, and fewer if its records
 * have `batchBytes` bytes (default 64 MiB). It may have rows of several files.
 *
 * @param files paths, folders, globs, `@list`s, `-` and `s3://` addresses, as for `Dataset.records`
 * @throws RecordpipeError while iterating: the errors of `Dataset.records`, and `malformed-example` or
 *   `schema-mismatch` for a record that the plan cannot read, after all earlier rows
 * @throws UsageError for an invalid option
 * @example
 * ```ts
 * import { writeFileSync } from 'node:fs';
 * import { encodeTFRecord } from 'recordpipe';
 * import { readColumns } from 'recordpipe/columns';
 * import { compileFeatures, encodeExample, fixedLen } from 'recordpipe/messages';
 * const records = [1, 2, 3].map((label) => encodeExample({ label: { kind: 'int64', value: [label] } }));
 * writeFileSync('labels.tfrecord', Buffer.concat(records.map((record) => encodeTFRecord(record))));
 * const plan = compileFeatures({ label: fixedLen([], 'int64') }, { int64: 'number' });
 * const sums: number[] = [];
 * for await (const { label } of readColumns('labels.tfrecord', plan, { batchRows: 2 }))
 *   sums.push(label.values.reduce((sum, value) => sum + value));
 * console.log(sums); // [ 3, 3 ]
 * ```
 */
export function readColumns<S extends FeatureSpecs, M extends PlanInt64>(
  files: FileNames,
  plan: FeaturePlan<S, M>,
  options: ReadColumnsOptions = {},
): AsyncGenerator<ParsedBatch<S, M>, void, undefined> {
  const { batchRows = BATCH_ROWS, batchBytes = BATCH_BYTES, onSkipped, ...reading } = options;
  checkCount('readColumns: batchRows', batchRows, 1);
  checkCount('readColumns: batchBytes', batchBytes, 1);
  const { parseRows } = planInternals(plan);
  const decoder = {
    failedRow: -1,
    decodeRuns(runs: readonly RecordRun[]): ParsedBatch<S, M> {
      decoder.failedRow = -1;
      const placeOf = (row: number): ErrorPlace => {
        decoder.failedRow = row;
        return placeOfRow(runs, row);
      };
      return parseRows(rowsOf(runs), placeOf, (add) => eachRow(runs, add)) as ParsedBatch<S, M>;
    },
  };
  const { signal } = reading;
  return columnBatches(sourceBatches(files, reading), decoder, { batchRows, batchBytes, onSkipped, signal });
}

const BATCH_ROWS = 1024;
const BATCH_BYTES = 64 * 1024 * 1024;
