import { basename } from 'node:path';
import type { RecordpipeError } from 'recordpipe';
import { expandInputs } from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import { type RepairResult, repairFile, type TransformOptions } from 'recordpipe/transform';
import { placesIn } from '../convert-outputs.ts';
import { eachFile } from '../each-file.ts';
import { INVALID, OK } from '../exit-codes.ts';
import { type InputCommandOptions, inputOptionsOf } from '../input-options.ts';
import { complain } from '../output.ts';
import { reachingOf } from '../reaching.ts';
import { byteSource } from '../source.ts';
import { formatCount, formatNumberOf } from '../text/sizes.ts';
import { visible } from '../text/visible.ts';
import type { TransformCommandOptions } from '../transform-options.ts';
import { transforming, writtenText } from '../transform-run.ts';

/** Options of `recordpipe repair`. */
export interface RepairCommandOptions extends TransformCommandOptions, InputCommandOptions {
  readonly outputDir?: string;
  readonly report?: string;
  readonly maxErrors: number;
}

/** Maximum findings shown. */
const MAX_SHOWN = 10;

/** Copies the valid records of a file, or of each of several, to a new one. Returns the exit code: 1 if data was skipped. */
export async function repair(
  input: string,
  output: string | undefined,
  options: RepairCommandOptions,
): Promise<number> {
  const { report, outputDir } = options;
  if ((output === undefined) === (outputDir === undefined))
    throw new UsageError('repair: expected an output, or --output-dir for the files of a directory');
  if (report === '-')
    throw new UsageError('--report: expected a file, got -; --json prints the report to standard output');
  const reports = report === undefined ? undefined : await import('../report-file.ts');
  const { inputs, outputs } =
    outputDir === undefined
      ? { inputs: [input], outputs: [output!] }
      : await filesInto(input, outputDir, options);
  await reports?.refuseReportOn([...inputs, ...outputs], report!);
  await reports?.checkReportFolder(report!);
  await reports?.checkReplaceable(report!, 'repair', options.force);
  let exitCode = OK;
  return transforming(options, {
    verb: 'repair',
    input,
    output: output ?? outputDir!,
    work: async (common) => {
      const done = await eachFile(inputs, outputDir !== undefined, (file, i) =>
        repairOne(file, outputs[i], common, options),
      );
      exitCode = done.results.some(({ ok }) => !ok) ? INVALID : done.exitCode;
      const result = outputDir === undefined ? done.results[0] : done.results;
      const document = `${JSON.stringify(result, undefined, 2)}\n`;
      await reports?.writeReport(report!, document, 'repair', options.force);
      return result;
    },
    summary: (result) => (Array.isArray(result) ? result : [result as RepairResult]).map(summary).join('\n'),
    exitCode: () => exitCode,
  });
}

/** The files that an input stands for, and where each goes: under its own name. */
async function filesInto(
  input: string,
  folder: string,
  options: RepairCommandOptions,
): Promise<{ inputs: string[]; outputs: string[] }> {
  const how = { ...reachingOf(options), ...inputOptionsOf(options, options.quiet) };
  const inputs = await expandInputs(input, options.format, how);
  const names = inputs.map((file) => (file === '-' ? 'stdin' : basename(file)));
  return { inputs, outputs: await placesIn(folder, inputs, names) };
}

async function repairOne(
  input: string,
  output: string,
  { read, ...others }: Partial<TransformOptions>,
  options: RepairCommandOptions,
): Promise<RepairResult> {
  let shown = 0;
  const onFinding = (error: RecordpipeError): void => {
    if (!options.quiet && !options.json && shown++ < MAX_SHOWN)
      complain(`${error.code}: ${visible(error.message)}`);
  };
  const { source, uri } = byteSource(input);
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
