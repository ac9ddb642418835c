import { abortable } from '../bytes/abortable.ts';
import { checkOptionNames, checkPath, type OptionNames, typeName } from '../bytes/arguments.ts';
import { RecordpipeError, UsageError } from '../errors.ts';
import type { ColumnBatch } from '../messages/columns/column-batch.ts';
import { ColumnEncoder, type ColumnEncoderOptions } from '../messages/columns/encode-columns.ts';
import type { RecordWriter, WrittenFile } from '../records/write/record-writer.ts';
import { DEFAULT_WRITE_OPTIONS, type RecordWriteOptions } from '../records/write/write-options.ts';
import { openRecordWriter } from '../records/write/writers.ts';
import { kindOfName } from '../transform/file-formats.ts';

/** Column batches: one, or several with the same columns. */
export type ColumnBatches = ColumnBatch | Iterable<ColumnBatch> | AsyncIterable<ColumnBatch>;

/** Options of {@link writeExamples}. Every field has a default. */
export interface WriteExamplesOptions extends RecordWriteOptions, ColumnEncoderOptions {
  /**
   * Format of the output. Default: the format indicated by its name; `tfrecord` if the name indicates
   * none. Compression also follows the name (`.gz`, `.zz`).
   */
  readonly format: 'tfrecord' | 'recordio' | undefined;
}

const NAMES: OptionNames<WriteExamplesOptions> = {
  ...DEFAULT_WRITE_OPTIONS,
  format: true,
  uri: true,
  onSkipped: true,
};

/**
 * Writes the rows of column batches to a TFRecord or RecordIO file, one record per row: Examples,
 * SequenceExamples or Records, as the schema of the batches states. The records are those of
 * {@link ColumnEncoder}. The file appears under its name, complete, after the last batch.
 *
 * @param output a path, an `s3://` address, or `-` for standard output
 * @throws RecordpipeError the errors of `ColumnEncoder`, of `openTFRecordWriter`, and of the source
 *   of the batches; `schema-mismatch` if the columns of a batch differ from those of the first one
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { writeExamples } from 'recordpipe/columns';
 * const { records } = await writeExamples(
 *   {
 *     schema: {
 *       recordpipeColumns: 1,
 *       message: 'Example',
 *       fields: [{ name: 'label', type: { type: 'int64' }, nullable: false, part: 'feature', of: 'label' }],
 *     },
 *     rows: 2,
 *     firstRow: 0,
 *     columns: [{ type: 'int64', length: 2, values: BigInt64Array.of(3n, 5n) }],
 *   },
 *   'labels.tfrecord',
 *   { overwrite: true },
 * );
 * console.log(records); // 2
 * ```
 */
export async function writeExamples(
  columns: ColumnBatches,
  output: string | URL,
  options: Partial<WriteExamplesOptions> = {},
): Promise<WrittenFile> {
  checkOptionNames('writeExamples', options, NAMES);
  checkPath('output', output);
  const { format, uri, onSkipped, ...write } = options;
  const batches = abortable(batchesOf(columns), options.signal);
  const named = kindOfName(String(output));
  const writer = await openRecordWriter(output, {
    ...write,
    compression: write.compression ?? named.compression,
    format: format ?? (named.format === 'recordio' ? 'recordio' : 'tfrecord'),
  });
  try {
    await writeBatches(batches, writer, { uri, onSkipped });
    return await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}

async function writeBatches(
  batches: AsyncIterable<ColumnBatch>,
  writer: RecordWriter,
  options: Partial<ColumnEncoderOptions>,
): Promise<void> {
  let encoder: ColumnEncoder | undefined;
  for await (const batch of batches) {
    if (typeof batch !== 'object' || batch === null)
      throw new UsageError(`columns: expected column batches, got ${typeName(batch)}`);
    encoder ??= new ColumnEncoder(batch.schema, options);
    checkSameColumns(encoder, batch, options.uri);
    for (const records of encoder.encode(batch)) for (const record of records) await writer.write(record);
  }
}

/** Checks that a batch has the columns of the first one, which are nearly always the same object. */
function checkSameColumns({ schema }: ColumnEncoder, batch: ColumnBatch, uri: string | undefined): void {
  if (batch.schema === schema || JSON.stringify(batch.schema) === JSON.stringify(schema)) return;
  const text = `batch of row ${batch.firstRow}: expected the columns of the first batch, got different columns`;
  throw new RecordpipeError('schema-mismatch', text, { uri, record: batch.firstRow });
}

async function* batchesOf(columns: ColumnBatches): AsyncGenerator<ColumnBatch, void, undefined> {
  if (typeof columns !== 'object' || columns === null)
    throw new UsageError(`columns: expected a column batch or an iterable of them, got ${typeName(columns)}`);
  if ('schema' in columns) yield columns;
  else yield* columns;
}
