import { type ErrorCode, RecordpipeError } from '../errors.ts';
import type { InputNotice } from '../records/inputs/input-options.ts';
import type { OnBatch, RecordScan } from '../records/scan-source.ts';
import type { FileInput, FileTask, Watch } from './file-task.ts';
import type { FileReport } from './validate-report.ts';

/** What a run requires of files beyond sound data. */
export interface Requirements {
  readonly failOnEmpty: boolean;
  readonly strictShards: boolean;
  /** Called with numbers of records that are not those of a description. */
  readonly onNotice: (notice: InputNotice) => void;
}

/** The report of a sound file, with a finding where it has no records or not as many as its description says. */
export function judgeFile(
  report: FileReport,
  { expectedRecords, range }: FileInput,
  { failOnEmpty, strictShards, onNotice }: Requirements,
): FileReport {
  const { uri, records, errorCount } = report;
  if (errorCount > 0 || range !== undefined) return report;
  if (failOnEmpty && records === 0) return failed(report, 'no-records', 'the file has no records');
  if (expectedRecords === undefined || records === expectedRecords) return report;
  const message = `${records} records, but dataset_info.json lists ${expectedRecords}`;
  if (strictShards) return failed(report, 'incomplete-shards', message);
  const notice = { code: 'record-count', uri, expected: expectedRecords, records } as const;
  onNotice({ ...notice, message: `${uri} has ${message}` });
  return report;
}

function failed(report: FileReport, code: ErrorCode, message: string): FileReport {
  const error = new RecordpipeError(code, message, { uri: report.uri }).toJSON();
  return { ...report, ok: false, errors: [error], errorCount: 1 };
}

/** What was found in a file. */
export type Examined = Omit<RecordScan, 'payloadBytes' | 'trailingBytes'>;

/** Validates or counts the records of a file. */
export async function examineFile(
  input: FileInput,
  uri: string,
  task: FileTask,
  watch: Watch,
  onBatch?: OnBatch,
): Promise<Examined> {
  // Imported when wanted: start-up time counts.
  if (input.range !== undefined)
    return (await import('./scan-range.ts')).scanRange(input, input.range, task, watch, onBatch);
  if (task.check === 'count') {
    const { countQuickly } = await import('./count-quickly.ts');
    const counted = await countQuickly(input, task, watch);
    if (counted !== undefined)
      return { ...counted, uri, compression: 'none', errors: [], errorCount: 0, warnings: 0 };
  }
  const { scanFile } = await import('./scan-file.ts');
  return scanFile(input, uri, task, watch, onBatch);
}
