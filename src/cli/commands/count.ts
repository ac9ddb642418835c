import { countFiles, type FileCount } from 'recordpipe/report';
import { errorText } from '../advice.ts';
import { INVALID, IO_FAILURE, OK } from '../exit-codes.ts';
import { inputOptionsOf } from '../input-options.ts';
import { interruption } from '../interrupt.ts';
import { type ReportingOptions, readingOptions } from '../options.ts';
import { ClosedOutput, complain, print } from '../output.ts';
import { progressOn } from '../progress.ts';
import { formatNumberOf } from '../sizes.ts';
import { visible } from '../visible.ts';

/** Counts records; the exit code. */
export async function count(inputs: string[], options: ReportingOptions): Promise<number> {
  const { json, jsonl, quiet, jobs } = options;
  const progress = progressOn('count', !json && !jsonl && !quiet && options.progress);
  const { recover: _, ...reading } = readingOptions(options);
  const closed = new AbortController();
  let exitCode = OK;
  const onFile = (file: FileCount): void => {
    progress.clear();
    if (file.error !== undefined) {
      exitCode = file.unreadable && exitCode !== INVALID ? IO_FAILURE : INVALID;
      complain(errorText(file.error));
    }
    const text = jsonl
      ? JSON.stringify({ event: 'file', ...file })
      : `${file.records}\t${visible(file.uri)}${file.error === undefined ? '' : '\t(incomplete)'}`;
    if (jsonl || !(json || quiet)) print(`${text}\n`).catch((error) => closed.abort(error));
  };
  try {
    const report = await countFiles(inputs, {
      ...reading,
      jobs,
      blocking: true,
      ...inputOptionsOf(options, quiet),
      onFile,
      onProgress: progress.update,
      signal: AbortSignal.any([interruption(), closed.signal]),
    });
    progress.clear();
    const { records, files, notices } = report;
    if (json) await print(`${JSON.stringify(report, undefined, 2)}\n`);
    else if (jsonl) await print(`${JSON.stringify({ event: 'summary', records, notices })}\n`);
    else if (quiet) await print(`${records}\n`);
    else
      await print(files.length > 1 ? `${records}\ttotal of ${formatNumberOf(files.length, 'file')}\n` : '');
  } catch (error) {
    progress.clear();
    if (error instanceof ClosedOutput || closed.signal.reason instanceof ClosedOutput) return exitCode;
    throw closed.signal.aborted ? closed.signal.reason : error;
  }
  return exitCode;
}
