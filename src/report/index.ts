export { type CountOptions, type CountReport, countFiles, type FileCount } from './count-files.ts';
export { expandInputs } from './expand-inputs.ts';
export type { CheckedReading, FilesOptions, FilesProgress, Format } from './report-options.ts';
export { type ValidateOptions, validateFiles } from './validate-files.ts';
export type { FileReport, FileWarning, Finding, ReportTotals, ValidateReport } from './validate-report.ts';
