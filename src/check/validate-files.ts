import { checkOptionNames, type OptionNames } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import type { InputNotice } from '../records/inputs/input-options.ts';
import { expandWithNotices, type FileInputs } from './expand-inputs.ts';
import type { FileReport, Finding } from './file-report.ts';
import { checkedReading, FILES_OPTION_NAMES, type FilesOptions } from './files-options.ts';
import { runFiles } from './run-files.ts';
import type { RecordSchema } from './schema/schema.ts';
import { type ValidateReport, validateReport, withSchemaTotals } from './validate-report.ts';

/** Options of {@link validateFiles}. Every field has a default. */
export interface ValidateOptions extends FilesOptions {
  /** Maximum number of findings listed per file; all are counted. Default 100. */
  readonly maxErrors: number;
  /**
   * Whether to stop after the first invalid file. If so, the report omits unchecked files. Default
   * false.
   */
  readonly failFast: boolean;
  /**
   * Whether it is an error if a file has no records or a run has no files. Default false: the
   * former is then a warning, and the latter a notice.
   */
  readonly failOnEmpty: boolean;
  /**
   * Schema to check record contents against. Each violated rule is listed as one `schema-mismatch`
   * finding per file, at the first record that violates it. Default: record contents are not
   * checked.
   */
  readonly schema: RecordSchema | undefined;
  /** Called with the report of each file as soon as the file is done, in no particular order. */
  readonly onFile: ((report: FileReport) => void) | undefined;
  /**
   * Called with each finding that the report of its file will list, as soon as the finding occurs,
   * so that an interrupted run can report it. With `failFast`, files that were not checked to their
   * end have no report. Findings that are known only at the end of a file (schema violations,
   * unreadable files) appear only in the report.
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
 * Validates many files of any format, several files in parallel, in constant memory. The report
 * lists every invalid or unreadable file with its findings.
 *
 * After an incorrect payload checksum, the check continues with the next record. It stops at damage
 * to a header and at a truncated record, because the position of the next record is then unknown;
 * `stoppedAt` of the file is the offset of this damage. To also check the records after the damage,
 * pass `recover: 'scan'`; the damage is still a finding.
 *
 * @param inputs files, folders, patterns, `@list`, `-`: see `expandInputs`
 * @throws RecordpipeError `not-found` if an input matches no file; `access-denied`, `io-failure`
 *   for folders and lists that cannot be read; `aborted`
 * @throws UsageError for an invalid option
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
    blocking = false,
    failFast,
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
  // Missing shards do not prevent the other shards from being checked.
  const found = await expandWithNotices(inputs, options.format, { ...options, strictShards: false });
  const notices: InputNotice[] = [...found.notices];
  const note = (notice: InputNotice): void => {
    notices.push(notice);
    onNotice?.(notice);
  };
  const look = schema && { schema };
  const task = { check: 'validate', maxErrors, failFast, blocking, reading, look } as const;
  const files = await runFiles(found.files, task, {
    jobs,
    onFile,
    onFinding,
    requirements: { failOnEmpty, strictShards, onNotice: note },
    onProgress,
    signal,
  });
  const counted = validateReport(files, found.files.length - files.length);
  const complete = !strictShards || !notices.some(isAboutShards);
  const ok = counted.ok && complete && !(failOnEmpty && found.files.length === 0);
  const report = { ...counted, ok, notices };
  return schema === undefined ? report : withSchemaTotals(report);
}

function isAboutShards({ code }: InputNotice): boolean {
  return code !== 'skipped-files' && code !== 'no-files';
}
