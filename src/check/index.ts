/**
 * Checks of record files: validation, counts, statistics, schemas, and their reports. Requires
 * Node.
 *
 * @module
 */
export { type ImageHeader, type ImageKind, imageHeader } from '../messages/image-header.ts';
export type {
  InputNotice,
  InputOptions,
  NoFilesNotice,
  RecordCountNotice,
  ShardNotice,
  SkippedFiles,
  SkipReason,
  UnknownFeatureNotice,
} from '../records/inputs/input-options.ts';
export {
  type CollectStatsOptions,
  collectStats,
  type InferredSchema,
  type InferSchemaOptions,
  inferSchema,
} from './collect-stats.ts';
export { type CountOptions, type CountReport, countFiles, type FileCount } from './count-files.ts';
export { expandInputs, type FileInputs, type Reaching } from './expand-inputs.ts';
export type { KnownFile, RecordRange } from './file-input.ts';
export type {
  CheckedFile,
  FileReport,
  FileSchemaReport,
  FileWarning,
  Finding,
  UnlistedFeature,
} from './file-report.ts';
export type { CheckedReading, FilesOptions, FilesProgress, Format } from './files-options.ts';
export {
  type SchemaOptions,
  schemaMessage,
  schemaOf,
  type TypeConflict,
} from './schema/infer-schema.ts';
export { readSchema } from './schema/read-schema.ts';
export type {
  Bounds,
  FeatureListSchema,
  FeatureSchema,
  FeatureType,
  RecordSchema,
  SchemaMessage,
} from './schema/schema.ts';
export type { SchemaRule, SchemaViolation } from './schema/violations.ts';
export type { BytesStats, ImageStats } from './stats/bytes-stats.ts';
export {
  type DatasetStats,
  type FileStats,
  type MessageCounts,
  mergeStats,
  messageCountTexts,
  NO_STATS,
  recordsWithFeatures,
  type StatsFinding,
} from './stats/dataset-stats.ts';
export type { DistinctValues, ValueCount } from './stats/distinct-values.ts';
export { type FeatureFacts, featureFacts } from './stats/feature-facts.ts';
export type {
  FeatureKind,
  FeatureStats,
  KindStats,
  NamedFeature,
  RecordPlace,
  ValueKind,
} from './stats/feature-stats.ts';
export { type Column, sizeColumns, spreadColumns, valueColumns } from './stats/html/charts.ts';
export { type StatsHtmlOptions, statsHtml } from './stats/html/page.ts';
export { type LabelFeature, labelFeatures } from './stats/label-features.ts';
export type { ExponentCount, Log2Counts, SignedLog2, Spread } from './stats/log2.ts';
export type { FloatStats, Int64Stats } from './stats/number-stats.ts';
export {
  type FieldValue,
  isMessageType,
  type MessageType,
  type RecordContent,
  recordContent,
} from './stats/record-content.ts';
export { type RecordJsonOptions, recordJson } from './stats/record-json.ts';
export { type RecognizedRecord, type RecordType, recognizeRecord } from './stats/record-type.ts';
export type { ImageSample } from './stats/samples.ts';
export { textOf } from './stats/text.ts';
export { elided } from './stats/words.ts';
export { type ValidateOptions, validateFiles } from './validate-files.ts';
export {
  type CheckedReport,
  type Interruption,
  type ReportTotals,
  type SchemaTotal,
  type ValidateReport,
  validateReport,
} from './validate-report.ts';
