import type { FileCount } from 'recordpipe/check';
import { complainAbout } from '../advice.ts';
import { command, type Register } from '../command.ts';
import { INVALID, IO_FAILURE, OK, worse } from '../exit-codes.ts';
import { filterOptions, selectedText } from '../options/filter.ts';
import { INPUTS, inputSelection, inputsOf } from '../options/inputs.ts';
import { objectReadOptions } from '../options/objects.ts';
import type { Values } from '../options/option.ts';
import { readingOf, readingOptions } from '../options/reading.ts';
import { linesOptions, runOptions } from '../options/reports.ts';
import { complain, LiveReport, print, say } from '../output.ts';
import { isLiveApart, progressOf } from '../progress.ts';
import { formatNumberOf, visible } from '../text/format.ts';

const OPTIONS = {
  ...filterOptions,
  ...runOptions,
  ...linesOptions,
  ...readingOptions,
  ...objectReadOptions,
  ...inputSelection,
};

export const register: Register = command({
  name: 'count',
  description: 'Count records. If the records of a file are large, count reads only the record headers.',
  arguments: { '<inputs...>': INPUTS },
  options: OPTIONS,
  examples: `
recordpipe count data/
recordpipe count -q data/                 # print the total only
recordpipe count 'train-*' --json
recordpipe count lines.jsonl.gz
recordpipe count data/ --where 'label == 3 && len(tags) > 0 && has(bbox)'
recordpipe count --delimiter '\\0' --format textline names.txt`,
  notes: `count verifies payload checksums only if --where is set. To verify all records, run validate.`,
  action: count,
});

/**
 * Time allowed for printing partial results after a signal, in milliseconds. It is long enough for
 * a busy machine.
 */
const GRACE_MS = 1000;

async function count(inputs: string[], options: Values<typeof OPTIONS>): Promise<number> {
  const { json, jsonl, quiet, jobs, where } = options;
  const { countFiles } = await import('recordpipe/check');
  const isText = !json && !jsonl;
  const progress = progressOf('count', !quiet && options.progress && (isText || isLiveApart()));
  const { recover: _, ...reading } = readingOf(options);
  const output = new LiveReport(isText, progress.clear);
  let exitCode = OK;
  const soFar = { filesDone: 0, files: 0, records: 0 };
  const onFile = (file: FileCount): void => {
    soFar.filesDone++;
    soFar.records += file.records;
    if (file.error !== undefined) {
      exitCode = worse(exitCode, file.unreadable ? IO_FAILURE : INVALID);
      progress.clear();
      complainAbout(file.error);
    }
    if (jsonl) output.write(`${JSON.stringify({ event: 'file', ...file })}\n`);
  };
  // Print files in a fixed order, so that the outputs of runs can be compared.
  const onFileInOrder = ({ uri, records, error }: FileCount): void =>
    output.write(`${records}\t${visible(uri)}${error === undefined ? '' : '\t(incomplete)'}\n`);
  const onInterrupt = (): void => {
    const { filesDone, files, records } = soFar;
    if (files === 0) return;
    if (jsonl)
      output.write(`${JSON.stringify({ event: 'summary', records, interrupted: true, files, filesDone })}\n`);
    else
      complain(
        `recordpipe: interrupted: ${filesDone} of ${formatNumberOf(files, 'file')} counted, ${formatNumberOf(records, 'record')} (partial result)`,
      );
  };
  const work = async (signal: AbortSignal): Promise<void> => {
    const report = await countFiles(inputs, {
      ...reading,
      where,
      jobs,
      blocking: true,
      ...inputsOf(options, quiet),
      onFile,
      onFileInOrder: isText && !quiet ? onFileInOrder : undefined,
      onProgress: (state) => {
        soFar.files = state.files;
        progress.update?.(state);
      },
      signal,
    });
    progress.clear();
    const { records, files, notices, where: filtered } = report;
    if (json) await print(`${JSON.stringify(report, undefined, 2)}\n`);
    else if (jsonl)
      await print(`${JSON.stringify({ event: 'summary', records, where: filtered, notices })}\n`);
    else if (quiet) await print(`${records}\n`);
    else await say(files.length > 1 ? `${records}\ttotal of ${formatNumberOf(files.length, 'file')}\n` : '');
    if (filtered !== undefined && isText && !quiet) complain(selectedText(filtered));
  };
  return output.run(work, { exitCode: () => exitCode, graceMs: GRACE_MS, onInterrupt });
}
