export type {
  InputNotice,
  NoFilesNotice,
  RecordCountNotice,
  ShardNotice,
  SkippedFiles,
  SkipReason,
} from '../inputs/input-notice.ts';
export type { InputOptions } from '../inputs/input-options.ts';
export { type CollectStatsOptions, collectStats } from './collect-stats.ts';
export { type CountOptions, type CountReport, countFiles, type FileCount } from './count-files.ts';
export { expandInputs, type FileInputs, type Reaching } from './expand-inputs.ts';
export { type InferredSchema, type InferSchemaOptions, inferSchema } from './infer-schema.ts';
export type { KnownFile, RecordRange } from './known-file.ts';
export type { CheckedReading, FilesOptions, FilesProgress, Format } from './report-options.ts';
export { type ValidateOptions, validateFiles } from './validate-files.ts';
export type {
  CheckedFile,
  CheckedReport,
  FileReport,
  FileSchemaReport,
  FileWarning,
  Finding,
  ReportTotals,
  SchemaTotal,
  UnlistedFeature,
  ValidateReport,
} from './validate-report.ts';
