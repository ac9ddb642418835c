import { basename } from 'node:path';
import { type RecordpipeError, UsageError } from 'recordpipe/errors';
import type { RepairResult, TransformOptions } from 'recordpipe/transform';
import { cliMessage } from '../cli-words.ts';
import { command, type Register } from '../command.ts';
import { INVALID, OK } from '../exit-codes.ts';
import { expanded, INPUT, inputSelection, sourceOf } from '../options/inputs.ts';
import { accessOf } from '../options/objects.ts';
import { atLeast, parsed, type Values, value } from '../options/option.ts';
import { OUTPUT, TEXT_NOTES, transformOptions } from '../options/transform.ts';
import { complain } from '../output.ts';
import {
  checkReplaceable,
  checkReportFolder,
  eachFile,
  outputPaths,
  refuseReportOn,
  writeReport,
} from '../output-files.ts';
import { formatCount, formatNumberOf, visible } from '../text/format.ts';
import { transforming, writtenText } from '../transforming.ts';

const OPTIONS = {
  outputDir: value(
    '--output-dir <dir>',
    'write each repaired file to this directory under its original name',
  ),
  report: value('--report <file>', 'also write the findings to this file as JSON'),
  maxErrors: parsed(
    '--max-errors <n>',
    'maximum number of findings to list in the report; all findings are counted',
    atLeast(0),
    1000,
  ),
  ...transformOptions,
  ...inputSelection,
};

export const register: Register = command({
  name: 'repair',
  description: 'Copy the valid records of damaged files to new files, and report the skipped data.',
  arguments: {
    '<input>': `the input, which repair never modifies: ${INPUT}`,
    '[output]': `the output, unless you pass --output-dir: ${OUTPUT}`,
  },
  options: OPTIONS,
  examples: `
recordpipe repair damaged.tfrecord repaired.tfrecord --report report.json
recordpipe repair data/ --output-dir repaired
recordpipe repair damaged.rec repaired.rec || [ $? -eq 1 ]  # accept the loss`,
  notes: `After damage, repair resumes at the next valid record. The output is always a complete, valid file. Exit code 0 means that the input had no errors. Exit code 1 means that repair skipped data; the report lists each finding with its code, record, offset and number of skipped bytes.

${TEXT_NOTES}`,
  action: repair,
});

type Options = Values<typeof OPTIONS>;

/** Maximum number of findings shown. */
const MAX_SHOWN = 10;

async function repair(input: string, output: string | undefined, options: Options): Promise<number> {
  const { report, outputDir, force } = options;
  if ((output === undefined) === (outputDir === undefined))
    throw new UsageError('repair: expected an output, or --output-dir for the files of a directory');
  if (report === '-')
    throw new UsageError('--report: expected a file, got -; --json prints the report to standard output');
  const { inputs, outputs } =
    outputDir === undefined
      ? { inputs: [input], outputs: [output!] }
      : await filesInto(input, outputDir, options);
  if (report !== undefined) {
    await refuseReportOn([...inputs, ...outputs], report);
    await checkReportFolder(report);
    await checkReplaceable(report, 'repair', force);
  }
  let exitCode = OK;
  return transforming(options, {
    verb: 'repair',
    input,
    output: output ?? outputDir!,
    work: async (common) => {
      const done = await eachFile(
        inputs,
        (file, i) => repairOne(file, outputs[i], common, options),
        outputDir === undefined ? undefined : () => undefined,
      );
      exitCode = done.results.some(({ ok }) => !ok) ? INVALID : done.exitCode;
      const result = outputDir === undefined ? done.results[0] : done.results;
      if (report !== undefined)
        await writeReport(
          report,
          `${JSON.stringify(result, undefined, 2)}\n`,
          'repair',
          force,
          accessOf(options),
        );
      return result;
    },
    summary: (result) => (Array.isArray(result) ? result : [result as RepairResult]).map(summary).join('\n'),
    exitCode: () => exitCode,
  });
}

/** Expands an input and returns the output of each file, which keeps its name. */
async function filesInto(
  input: string,
  folder: string,
  options: Options,
): Promise<{ inputs: string[]; outputs: string[] }> {
  const inputs = await expanded(input, options);
  const names = inputs.map((file) => (file === '-' ? 'stdin' : basename(file)));
  return { inputs, outputs: await outputPaths(folder, inputs, names) };
}

async function repairOne(
  input: string,
  output: string,
  { read, ...others }: Partial<TransformOptions>,
  options: Options,
): Promise<RepairResult> {
  const { repairFile } = await import('recordpipe/transform');
  let shown = 0;
  const onFinding = (error: RecordpipeError): void => {
    if (!options.quiet && !options.json && shown++ < MAX_SHOWN)
      complain(`${error.code}: ${visible(cliMessage(error))}`);
  };
  const { source, uri } = sourceOf(input);
  const reading = { ...read, uri };
  return repairFile(source, output, { ...others, read: reading, maxFindings: options.maxErrors, onFinding });
}

function summary({ output, findingCount, findings }: RepairResult): string {
  const written = writtenText(output);
  if (findingCount === 0) return `${written}; no errors found`;
  const hidden = findingCount > MAX_SHOWN ? ` (${MAX_SHOWN} shown; --report lists more)` : '';
  const known =
    findings.every(({ skippedBytes }) => skippedBytes !== null) && findings.length === findingCount;
  const bytes = findings.reduce((sum, { skippedBytes }) => sum + (skippedBytes ?? 0), 0);
  const lost = known ? `, ${formatCount(bytes)} bytes skipped` : '';
  return `${written}; ${formatNumberOf(findingCount, 'finding')}${hidden}${lost}`;
}
