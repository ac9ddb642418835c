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
  type NamedFeature,
  NO_STATS,
  type StatsFinding,
} from './dataset-stats.ts';
export type { DistinctValues, ValueCount } from './distinct-values.ts';
export { exampleJson, type RecordMessage, recordMessage } from './example-json.ts';
export { type FeatureFacts, featureFacts } from './feature-facts.ts';
export type { FeatureKind, FeatureStats, KindStats, RecordPlace } from './feature-stats.ts';
export { type StatsHtmlOptions, statsHtml } from './html/page.ts';
export { type ImageHeader, type ImageKind, imageHeader } from './image-header.ts';
export { type SchemaOptions, schemaOf, type TypeConflict, type ValueKind } from './infer-schema.ts';
export { type LabelFeature, labelFeatures } from './label-features.ts';
export type { Log2Counts, Spread } from './log2.ts';
export type { FloatStats, Int64Stats } from './number-stats.ts';
export { readSchema } from './read-schema.ts';
export type { ImageSample } from './samples.ts';
export type { Bounds, FeatureListSchema, FeatureSchema, RecordSchema } from './schema.ts';
export type { ExponentCount, SignedLog2 } from './signed-log2.ts';
export { type Column, sizeColumns, spreadColumns, valueColumns } from './value-bars.ts';
export type { SchemaRule, SchemaViolation } from './violations.ts';
