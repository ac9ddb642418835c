import { countFiles, type FileCount } from 'recordpipe/check';
import { errorText } from '../advice.ts';
import { INVALID, IO_FAILURE, OK } from '../exit-codes.ts';
import { inputOptionsOf } from '../input-options.ts';
import { interruption } from '../interrupt.ts';
import { type ReportingOptions, readingOptions } from '../options.ts';
import { ClosedOutput, complain, print, say } from '../output.ts';
import { isLiveApart, progressOn } from '../progress.ts';
import { formatNumberOf } from '../text/sizes.ts';
import { visible } from '../text/visible.ts';

/** Printing what was found until a signal came may take a while on a busy machine. */
const GRACE_MS = 1000;

/** Counts records. Returns the exit code. */
export async function count(inputs: string[], options: ReportingOptions): Promise<number> {
  const { json, jsonl, quiet, jobs } = options;
  const forPeople = !json && !jsonl;
  const progress = progressOn('count', !quiet && options.progress && (forPeople || isLiveApart()));
  const { recover: _, ...reading } = readingOptions(options);
  const closed = new AbortController();
  let exitCode = OK;
  const soFar = { filesDone: 0, files: 0, records: 0 };
  const onFile = (file: FileCount): void => {
    soFar.filesDone++;
    soFar.records += file.records;
    if (file.error !== undefined) {
      exitCode = file.unreadable && exitCode !== INVALID ? IO_FAILURE : INVALID;
      progress.clear();
      complain(errorText(file.error));
    }
    if (!jsonl) return;
    progress.clear();
    print(`${JSON.stringify({ event: 'file', ...file })}\n`).catch((error) => closed.abort(error));
  };
  // The lines of a listing keep their order, so that two runs can be compared.
  const onFileInOrder = ({ uri, records, error }: FileCount): void => {
    progress.clear();
    const text = `${records}\t${visible(uri)}${error === undefined ? '' : '\t(incomplete)'}\n`;
    say(text).catch((failure) => closed.abort(failure));
  };
  const onInterrupt = (): void => {
    progress.clear();
    if (soFar.files === 0) return;
    const { filesDone, files, records } = soFar;
    if (jsonl)
      print(`${JSON.stringify({ event: 'summary', records, interrupted: true, files, filesDone })}\n`).catch(
        () => {},
      );
    else
      complain(
        `recordpipe: interrupted: ${filesDone} of ${formatNumberOf(files, 'file')} counted, ${formatNumberOf(records, 'record')}: a partial result`,
      );
  };
  interruption().addEventListener('abort', onInterrupt);
  try {
    const report = await countFiles(inputs, {
      ...reading,
      jobs,
      blocking: true,
      ...inputOptionsOf(options, quiet),
      onFile,
      onFileInOrder: forPeople && !quiet ? onFileInOrder : undefined,
      onProgress: (state) => {
        soFar.files = state.files;
        progress.update?.(state);
      },
      signal: AbortSignal.any([interruption(GRACE_MS), closed.signal]),
    });
    progress.clear();
    const { records, files, notices } = report;
    if (json) await print(`${JSON.stringify(report, undefined, 2)}\n`);
    else if (jsonl) await print(`${JSON.stringify({ event: 'summary', records, notices })}\n`);
    else if (quiet) await print(`${records}\n`);
    else await say(files.length > 1 ? `${records}\ttotal of ${formatNumberOf(files.length, 'file')}\n` : '');
  } catch (error) {
    progress.clear();
    if (error instanceof ClosedOutput || closed.signal.reason instanceof ClosedOutput) return exitCode;
    throw closed.signal.aborted ? closed.signal.reason : error;
  } finally {
    interruption().removeEventListener('abort', onInterrupt);
  }
  return exitCode;
}
