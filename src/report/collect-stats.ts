import { type DatasetStats, MOST_FINDINGS, mergeStats, NO_STATS } from '../stats/dataset-stats.ts';
import { expandToFiles, type FileInputs } from './expand-inputs.ts';
import { type LookedReport, statsOfFile } from './look-inside.ts';
import { checkedReading, type FilesOptions } from './report-options.ts';
import { runFiles } from './run-files.ts';

/** Options of {@link collectStats}. Every field has a default; pass what differs. */
export interface CollectStatsOptions extends FilesOptions {
  /** Whether some of the images are kept, to be looked at: 16 at most, of up to 128 KiB each. Default false. */
  readonly samples: boolean;
}

/**
 * Checks every record of many files as `validateFiles` does, and collects what is in them: sizes, and of Examples and SequenceExamples what each feature holds.
 * Memory is bounded: it does not grow with the records, but with the features and the files. What is wrong is in `findings`, also files that cannot be read.
 *
 * @param inputs files, folders, patterns, `@list`, `-`: see `expandInputs`
 * @throws as `validateFiles`
 * @example
 * ```ts
 * import { collectStats } from 'recordpipe/report';
 * const { records, findings } = await collectStats(['missing.tfrecord']);
 * console.log(records, findings.first[0].code); // 0 not-found
 * ```
 */
export async function collectStats(
  inputs: FileInputs,
  options: Partial<CollectStatsOptions> = {},
): Promise<DatasetStats> {
  const { blocking = false, samples = false, jobs, onProgress, signal } = options;
  const reading = await checkedReading(options);
  const found = await expandToFiles(inputs, options.format, options);
  const look = { stats: { samples } };
  const task = { check: 'validate', maxErrors: MOST_FINDINGS, blocking, reading, look } as const;
  const merged = new MergedStats();
  await runFiles(found, task, {
    jobs,
    failFast: false,
    onFile: (report: LookedReport) => {
      merged.add(report.stats ?? statsOfFile(report));
    },
    onProgress,
    signal,
  });
  return merged.total();
}

/** Merges parts of about equal size, so that no list of files is copied more than a few times. */
class MergedStats {
  readonly #parts: { stats: DatasetStats; files: number }[] = [];

  add(stats: DatasetStats): void {
    this.#parts.push({ stats, files: 1 });
    for (let last = this.#parts.length - 1; last > 0; last--) {
      const [before, after] = [this.#parts[last - 1], this.#parts[last]];
      if (before.files > after.files) break;
      this.#parts.pop();
      this.#parts[last - 1] = {
        stats: mergeStats(before.stats, after.stats),
        files: before.files + after.files,
      };
    }
  }

  total(): DatasetStats {
    return this.#parts.reduceRight((merged, { stats }) => mergeStats(stats, merged), NO_STATS);
  }
}
