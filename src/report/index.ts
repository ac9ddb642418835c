export { type CollectStatsOptions, collectStats } from './collect-stats.ts';
export { type CountOptions, type CountReport, countFiles, type FileCount } from './count-files.ts';
export { expandInputs } from './expand-inputs.ts';
export { type InferredSchema, type InferSchemaOptions, inferSchema } from './infer-schema.ts';
export type { CheckedReading, FilesOptions, FilesProgress, Format } from './report-options.ts';
export { type ValidateOptions, validateFiles } from './validate-files.ts';
export type {
  FileReport,
  FileSchemaReport,
  FileWarning,
  Finding,
  ReportTotals,
  SchemaTotal,
  UnlistedFeature,
  ValidateReport,
} from './validate-report.ts';
