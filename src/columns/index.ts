/**
 * Record files as tables: Parquet, Arrow, CSV and JSON Lines, and back.
 *
 * @module
 */
export type {
  BytesVector,
  ColumnBatch,
  ColumnVector,
  ListVector,
  NullableElements,
  NumberArrays,
  NumberVector,
} from '../messages/columns/column-batch.ts';
export {
  COLUMN_SCHEMA_KEY,
  type ColumnField,
  type ColumnMessage,
  type ColumnPart,
  type ColumnSchema,
  type ColumnType,
  type NumberType,
} from '../messages/columns/column-schema.ts';
export { ColumnEncoder, type ColumnEncoderOptions } from '../messages/columns/encode-columns.ts';
export type { TableFormatName } from './formats/table-format.ts';
