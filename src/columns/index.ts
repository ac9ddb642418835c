/**
 * Record files as tables: Parquet, Arrow, CSV and JSON Lines, and back.
 *
 * @module
 */

export { checkColumnSchema } from '../messages/columns/check-column-schema.ts';
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
  ColumnDecoder,
  type ColumnDecoderOptions,
} from '../messages/columns/column-decoder.ts';
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
export type { RecordRun } from '../messages/record-run.ts';
export {
  type ColumnBatchOptions,
  columnBatches,
  type RunDecoder,
  type SourceBatch,
} from './column-batches.ts';
export { columnsToConvert } from './convert-columns.ts';
export type {
  ConvertedFile,
  ConvertFormat,
  ConvertInputs,
  ConvertTableOptions,
  ConvertTableResult,
} from './convert-options.ts';
export { convertTable, DEFAULT_CONVERT_TABLE_OPTIONS } from './convert-table.ts';
export { expandTables } from './convert-table-source.ts';
export { type ArrowColumnOptions, columnBatchOf } from './formats/arrow-columns.ts';
export type {
  ArrowData,
  ArrowField,
  ArrowRecordBatch,
  ArrowSchema,
  ArrowType,
} from './formats/arrow-data.ts';
export { arrowBatch } from './formats/arrow-record-batch.ts';
export { isTableFormat, TABLE_EXTENSIONS, tableFormatOfName } from './formats/registry.ts';
export type { TableFormatName, TableLoss } from './formats/table-format.ts';
export {
  type ColumnSchemaOptions,
  columnSchemaOf,
  type InferColumnsOptions,
  inferColumns,
} from './infer-columns.ts';
export { planFromSchema, specsFromSchema } from './plan-from-schema.ts';
export { openQuery, Query, type QueryColumn, type QueryOptions, type QueryTextFormat } from './query.ts';
export { type QueryFormat, queryFormatOf, type WriteQueryOptions, writeQuery } from './query-output.ts';
export type { QueryValue, TableReading } from './query-types.ts';
export { type ReadColumnsOptions, readColumns } from './read-columns.ts';
export {
  chooseColumns,
  type ReadTableOptions,
  readTableBatches,
  type SourceOptions,
  sourceBatches,
} from './read-table-batches.ts';
export { columnsOfSchema, readTableSchema } from './schema-columns.ts';
export { type ColumnBatches, type WriteExamplesOptions, writeExamples } from './write-examples.ts';
