import { checkOptionNames, type OptionNames } from '../bytes/arguments.ts';
import type { FilterReport } from '../messages/filter/filter-report.ts';
import type { InputNotice } from '../records/inputs/input-options.ts';
import { expandWithNotices, type FileInputs } from './expand-inputs.ts';
import type { Finding } from './file-report.ts';
import { checkedReading, FILES_OPTION_NAMES, type FilesOptions } from './files-options.ts';
import { checkFilter, filteredReport } from './filtered-report.ts';
import type { LookedReport } from './look-inside.ts';
import { runFiles } from './run-files.ts';

/** Options of {@link countFiles}. Every field has a default. */
export interface CountOptions extends Omit<FilesOptions, 'payloadCrc' | 'recover'> {
  /**
   * Expression that selects the records to count: see `compileFilter`. Payloads are then read and
   * verified. Default: all records.
   */
  readonly where: string | undefined;
  /** Called with the count of each file as soon as the file is done. */
  readonly onFile: ((count: FileCount) => void) | undefined;
  /** Called with each count in report order, as soon as all earlier files are done. */
  readonly onFileInOrder: ((count: FileCount) => void) | undefined;
}

/** Number of records in a file. `uri` and `records` are stable. Releases may add other fields. */
export interface FileCount {
  /** Path as specified or found; `<stdin>` for standard input. */
  readonly uri: string;
  /**
   * Number of records. If `where` is set, only records that pass the filter are counted. If `error`
   * is present, only records before the damage are counted.
   */
  readonly records: number;
  /** Number of records that the `where` filter tested. Omitted if no filter was specified. */
  readonly tested?: number;
  /** Reason why the records could not be counted up to the end of the file. */
  readonly error?: Finding;
  /** Present and true if the file could not be read. */
  readonly unreadable?: true;
}

/**
 * Result of {@link countFiles}, as printed by `recordpipe count --json`. The fields are a stable
 * contract; others may be added.
 */
export interface CountReport {
  /** One entry per file, sorted by the UTF-8 bytes of `uri`. */
  readonly files: readonly FileCount[];
  /** Total number of records. */
  readonly records: number;
  /** Result of the `where` filter. Omitted if no filter was specified. */
  readonly where?: FilterReport;
  /** Notices about the inputs, such as skipped files, missing or mixed shards, or no inputs. */
  readonly notices: readonly InputNotice[];
}

const NAMES: OptionNames<CountOptions & Pick<FilesOptions, 'payloadCrc' | 'recover'>> = {
  ...FILES_OPTION_NAMES,
  where: true,
  onFile: true,
  onFileInOrder: true,
};

/**
 * Counts the records of many files of any format. Verifies every header but, without `where`, no
 * payload. Reads little more than the headers of
 * uncompressed TFRecord and RecordIO files with large records.
 *
 * @param inputs files, folders, patterns, `@list`, `-`: see `expandInputs`
 * @throws the same errors as `validateFiles`
 * @example
 * ```ts
 * import { countFiles } from 'recordpipe/check';
 * const { files, records } = await countFiles(['missing.tfrecord']);
 * console.log(records, files[0].error?.code); // 0 not-found
 * ```
 */
export async function countFiles(
  inputs: FileInputs,
  options: Partial<CountOptions> = {},
): Promise<CountReport> {
  checkOptionNames('countFiles', options, NAMES);
  const { blocking = false, jobs, onFile, onFileInOrder, onProgress, signal } = options;
  const reading = checkedReading(options);
  const { strictShards = false, onNotice, where } = options;
  if (where !== undefined) await checkFilter(where);
  const expanded = await expandWithNotices(inputs, options.format, options);
  const notices: InputNotice[] = [...expanded.notices];
  const note = (notice: InputNotice): void => {
    notices.push(notice);
    onNotice?.(notice);
  };
  const look = where === undefined ? undefined : { where };
  const task = { check: 'count', maxErrors: 1, blocking, reading, look } as const;
  const files = await runFiles(expanded.files, task, {
    jobs,
    onFile: onFile && ((report) => onFile(fileCount(report))),
    onFileInOrder: onFileInOrder && ((report) => onFileInOrder(fileCount(report))),
    requirements: { failOnEmpty: false, strictShards, onNotice: note },
    onProgress,
    signal,
  });
  const counts = files.map(fileCount);
  const records = counts.reduce((sum, file) => sum + file.records, 0);
  const filtered = where === undefined ? {} : { where: filteredReport(where, files, onNotice) };
  return { files: counts, records, ...filtered, notices };
}

function fileCount({ uri, records, where, errors, unreadable }: LookedReport): FileCount {
  return {
    uri,
    records: where?.matched ?? records,
    ...(where && { tested: where.tested }),
    ...(errors.length > 0 && { error: errors[0] }),
    ...(unreadable && { unreadable: true as const }),
  };
}
