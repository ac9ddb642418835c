import type { ColumnSchema } from '../messages/columns/column-schema.ts';
import type { ConvertInputs, ConvertTableOptions } from './convert-options.ts';
import { openRecordRows } from './convert-source.ts';
import { completeOptions, convertFormats } from './convert-table.ts';
import { openTableRows } from './convert-table-source.ts';
import { isTableFormat } from './formats/registry.ts';

/**
 * Returns the columns that {@link convertTable} would choose for these inputs, so that several
 * conversions can share them.
 *
 * @param output as for `convertTable`; it is not written
 * @throws the same errors as `convertTable`
 * @example
 * ```ts
 * import { writeFile } from 'node:fs/promises';
 * import { columnsToConvert } from 'recordpipe/columns';
 * await writeFile('points.csv', 'x,y\n1,2.5\n');
 * const { fields } = await columnsToConvert('points.csv', 'points.parquet');
 * console.log(fields.map(({ name, type }) => `${name}: ${type.type}`)); // [ 'x: int64', 'y: float' ]
 * ```
 */
export async function columnsToConvert(
  inputs: ConvertInputs,
  output: string,
  given: Partial<ConvertTableOptions> = {},
): Promise<ColumnSchema> {
  const options = completeOptions(given);
  const { from } = convertFormats(inputs, output, options);
  const rows = isTableFormat(from)
    ? await openTableRows(inputs, from, options, undefined)
    : await openRecordRows(inputs, from, options, undefined);
  await rows.close();
  return rows.schema;
}
