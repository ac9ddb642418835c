import type { ColumnBatch } from '../../messages/columns/column-batch.ts';
import { arrowPackage, arrowSchema, recordBatch } from './arrow-batch.ts';
import type { ArrowRecordBatch } from './arrow-data.ts';

/**
 * Returns a batch as a RecordBatch of the apache-arrow package. Both share memory. The schema of the
 * columns is in the metadata, under the key `recordpipe`, so that the records can be restored.
 *
 * @throws RecordpipeError `missing-package` if apache-arrow is not installed
 * @example
 * ```ts
 * import { arrowBatch, type ColumnBatch } from 'recordpipe/columns';
 * const batch: ColumnBatch = {
 *   schema: {
 *     recordpipeColumns: 1,
 *     message: 'Example',
 *     fields: [{ name: 'x', type: { type: 'float' }, nullable: false, part: 'feature', of: 'x' }],
 *   },
 *   rows: 2,
 *   firstRow: 0,
 *   columns: [{ type: 'float', length: 2, values: new Float32Array([1, 2]) }],
 * };
 * console.log((await arrowBatch(batch)).numRows); // 2
 * ```
 */
export async function arrowBatch(batch: ColumnBatch): Promise<ArrowRecordBatch> {
  const arrow = await arrowPackage();
  return recordBatch(arrow, arrowSchema(arrow, batch.schema), batch);
}
