import { RecordpipeError } from '../../errors.ts';
import { checkColumnSchema } from '../../messages/columns/check-column-schema.ts';
import type { ColumnSchema } from '../../messages/columns/column-schema.ts';

/**
 * Returns the column schema that recordpipe stored in the metadata of a table.
 *
 * @throws RecordpipeError `schema-mismatch` if it is not a column schema
 */
export function parseColumnSchema(text: string, uri: string): ColumnSchema {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new RecordpipeError(
      'schema-mismatch',
      `the metadata "recordpipe" is not JSON: ${(error as Error).message}; remove this metadata, or write the table again`,
      { uri },
      error,
    );
  }
  return checkColumnSchema(value, { uri });
}
