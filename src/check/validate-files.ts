import { checkOptionNames, type OptionNames } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import type { InputNotice } from '../records/inputs/input-options.ts';
import { judgeFile } from './examine-file.ts';
import { expandWithNotices, type FileInputs } from './expand-inputs.ts';
import type { FileInput } from './file-task.ts';
import { checkedReading, FILES_OPTION_NAMES, type FilesOptions } from './report-options.ts';
import { runFiles } from './run-files.ts';
import type { RecordSchema } from './schema/schema.ts';
import { type FileReport, type Finding, type ValidateReport, validateReport } from './validate-report.ts';

/** Options of {@link validateFiles}. Every field has a default; pass what differs. */
export interface ValidateOptions extends FilesOptions {
  /** Maximum findings listed per file; all are counted. Default 100. */
  readonly maxErrors: number;
  /** Whether everything stops at the first file found bad; files not looked at are then not in the report. Default false. */
  readonly failFast: boolean;
  /** Whether a file without records, or a run without files, is not ok. Default false: it is a warning. */
  readonly failOnEmpty: boolean;
  /**
   * What every record must hold; default: nothing is said of what is in the records. Each rule that records of a file break is one finding, `schema-mismatch`, at the first
   * of them.
   */
  readonly schema: RecordSchema | undefined;
  /** Called with the report of each file as soon as the file is done, in no particular order. */
  readonly onFile: ((report: FileReport) => void) | undefined;
  /**
   * Called with each finding that the report of its file will list, as soon as it is found, so that an interrupted run can tell what it found.
   * Findings that only show at the end of a file (broken rules of a schema, files that cannot be read) are in the report alone.
   */
  readonly onFinding: ((finding: Finding & { readonly uri: string }) => void) | undefined;
}

const NAMES: OptionNames<ValidateOptions> = {
  ...FILES_OPTION_NAMES,
  maxErrors: true,
  failFast: true,
  failOnEmpty: true,
  schema: true,
  onFile: true,
  onFinding: true,
};

/**
 * Checks every record of many files of any format, several files at once, in constant memory.
 * What is wrong is in the report: every bad file, each with its findings; also files that cannot be read.
 *
 * @param inputs files, folders, patterns, `@list`, `-`: see `expandInputs`
 * @throws RecordpipeError `not-found` where an input stands for no file; `access-denied`, `io-failure` for folders and lists that
 * cannot be read; `aborted`
 * @throws UsageError for a wrong option
 * @example
 * ```ts
 * import { validateFiles } from 'recordpipe/check';
 * const { ok, files } = await validateFiles(['missing.tfrecord']);
 * console.log(ok, files[0].errors[0].code); // false not-found
 * ```
 */
export async function validateFiles(
  inputs: FileInputs,
  options: Partial<ValidateOptions> = {},
): Promise<ValidateReport> {
  checkOptionNames('validateFiles', options, NAMES);
  const {
    maxErrors = 100,
    failFast = false,
    blocking = false,
    jobs,
    onFile,
    onFinding,
    onProgress,
    signal,
  } = options;
  const { failOnEmpty = false, strictShards = false, onNotice } = options;
  const schema = options.schema && (await import('./schema/read-schema.ts')).readSchema(options.schema);
  if (!(maxErrors >= 0)) throw new UsageError(`maxErrors: expected a number >= 0, got ${maxErrors}`);
  const reading = checkedReading(options);
  // Shards that are missing do not keep the others from being checked.
  const expanded = await expandWithNotices(inputs, options.format, { ...options, strictShards: false });
  const { files: found } = expanded;
  const notices: InputNotice[] = [...expanded.notices];
  const note = (notice: InputNotice): void => {
    notices.push(notice);
    onNotice?.(notice);
  };
  const look = schema && { schema };
  const task = { check: 'validate', maxErrors, blocking, reading, look } as const;
  const judge = (report: FileReport, input: FileInput): FileReport =>
    judgeFile(report, input, { failOnEmpty, strictShards, onNotice: note });
  const files = await runFiles(found, task, {
    jobs,
    failFast,
    onFile,
    onFinding,
    judge,
    onProgress,
    signal,
  });
  const counted = validateReport(files, found.length - files.length);
  const complete = !strictShards || !notices.some(isAboutShards);
  const ok = counted.ok && complete && !(failOnEmpty && found.length === 0);
  const report = { ...counted, ok, notices };
  return schema === undefined ? report : (await import('./schema-totals.ts')).withSchemaTotals(report);
}

function isAboutShards({ code }: InputNotice): boolean {
  return code !== 'skipped-files' && code !== 'no-files';
}
