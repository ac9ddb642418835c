/**
 * What is inside the records of a data set: statistics that merge, schemas, and a page to look at. What collects them from files is in `recordpipe/report`.
 *
 * @module
 */
export type { BytesStats, ImageStats } from './bytes-stats.ts';
export {
  type DatasetStats,
  type FileStats,
  type MessageCounts,
  mergeStats,
  messageCountTexts,
  type NamedFeature,
  NO_STATS,
  recordsWithFeatures,
  type StatsFinding,
} from './dataset-stats.ts';
export type { DistinctValues, ValueCount } from './distinct-values.ts';
export { type FeatureFacts, featureFacts, labelText } from './feature-facts.ts';
export type { FeatureKind, FeatureStats, KindStats, RecordPlace } from './feature-stats.ts';
export { type StatsHtmlOptions, statsHtml } from './html/page.ts';
export { type ImageHeader, type ImageKind, imageHeader } from './image-header.ts';
export { type SchemaOptions, schemaMessage, schemaOf, type TypeConflict } from './infer-schema.ts';
export { type LabelFeature, labelFeatures } from './label-features.ts';
export type { Log2Counts, Spread } from './log2.ts';
export type { FloatStats, Int64Stats } from './number-stats.ts';
export { readSchema } from './read-schema.ts';
export {
  type FieldValue,
  isMessageType,
  type MessageType,
  type RecordContent,
  recordContent,
} from './record-content.ts';
export { type RecordJsonOptions, recordJson } from './record-json.ts';
export { type RecognizedRecord, type RecordType, recognizeRecord } from './record-type.ts';
export type { ImageSample } from './samples.ts';
export type {
  Bounds,
  FeatureListSchema,
  FeatureSchema,
  FeatureType,
  RecordSchema,
  SchemaMessage,
} from './schema.ts';
export type { ExponentCount, SignedLog2 } from './signed-log2.ts';
export { textOf } from './text.ts';
export { type Column, sizeColumns, spreadColumns, valueColumns } from './value-bars.ts';
export type { SchemaRule, SchemaViolation } from './violations.ts';
export { elided } from './words.ts';
