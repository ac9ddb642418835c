import { InvalidArgumentError } from 'commander';
import { atLeast, flag, negation, type OptionsOf, parsed } from './option.ts';

/** Options of the commands that print a report. */
export interface ReportOptions {
  readonly json?: true;
  readonly quiet?: true;
  readonly progress: boolean;
}

export const reportOptions: OptionsOf<ReportOptions> = {
  json: flag('--json', 'print one JSON document'),
  quiet: flag('-q, --quiet', 'hide progress and summary'),
  progress: negation('--no-progress', 'hide progress'),
};

/** Options of the commands that process many files in parallel. */
export interface RunOptions extends ReportOptions {
  readonly jobs?: number;
}

/** Maximum number of jobs. Each thread uses about 10 MB. */
const MAX_JOBS = 256;

export const runOptions: OptionsOf<RunOptions> = {
  ...reportOptions,
  jobs: parsed(
    '-j, --jobs <n>',
    `number of files to process in parallel, up to ${MAX_JOBS} (default: one per core)`,
    (text) => {
      const jobs = atLeast(1)(text);
      if (jobs <= MAX_JOBS) return jobs;
      throw new InvalidArgumentError(`Expected an integer from 1 to ${MAX_JOBS}.`);
    },
  ),
};

/** Options of the commands that can print one line per file or record. */
export interface LinesOptions {
  readonly jsonl?: true;
}

export const linesOptions: OptionsOf<LinesOptions> = {
  jsonl: flag('--jsonl', 'print one JSON object per line').conflicts('json'),
};
