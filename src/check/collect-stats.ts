import { checkOptionNames, type OptionNames } from '../bytes/arguments.ts';
import { expandToFiles, type FileInputs } from './expand-inputs.ts';
import { type LookedReport, statsOfFile } from './look-inside.ts';
import { checkedReading, FILES_OPTION_NAMES, type FilesOptions } from './report-options.ts';
import { runFiles } from './run-files.ts';
import { type DatasetStats, MAX_FINDINGS, StatsMerger } from './stats/dataset-stats.ts';

/** Options of {@link collectStats}. Every field has a default; pass what differs. */
export interface CollectStatsOptions extends FilesOptions {
  /** Whether some of the images are kept, to be looked at: 16 at most, of up to 128 KiB each. Default false. */
  readonly samples: boolean;
}

/** The names of {@link CollectStatsOptions}. */
export const STATS_OPTION_NAMES: OptionNames<CollectStatsOptions> = { ...FILES_OPTION_NAMES, samples: true };

/**
 * Checks every record of many files as `validateFiles` does, and collects what is in them: sizes, types of records, and the
 * values of each feature. Memory grows with the features and the files, not with the records. `findings` has what is wrong,
 * including files that cannot be read.
 *
 * @param inputs files, folders, patterns, `@list`, `-`: see `expandInputs`
 * @throws as `validateFiles`
 * @example
 * ```ts
 * import { collectStats } from 'recordpipe/check';
 * const { records, findings } = await collectStats(['missing.tfrecord']);
 * console.log(records, findings.first[0].code); // 0 not-found
 * ```
 */
export async function collectStats(
  inputs: FileInputs,
  options: Partial<CollectStatsOptions> = {},
): Promise<DatasetStats> {
  checkOptionNames('collectStats', options, STATS_OPTION_NAMES);
  const { blocking = false, samples = false, jobs, onProgress, signal } = options;
  const reading = checkedReading(options);
  const found = await expandToFiles(inputs, options.format, options);
  const look = { stats: { samples } };
  const task = { check: 'validate', maxErrors: MAX_FINDINGS, blocking, reading, look } as const;
  const merger = new StatsMerger();
  await runFiles(found, task, {
    jobs,
    failFast: false,
    onFileInOrder: (report: LookedReport) => {
      merger.add(report.stats ?? statsOfFile(report));
    },
    onProgress,
    signal,
  });
  return merger.merged();
}
