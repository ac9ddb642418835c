import type { RecordpipeError } from 'recordpipe';
import { UsageError } from 'recordpipe/errors';
import { type RepairResult, repairFile } from 'recordpipe/transform';
import { INVALID, OK } from '../exit-codes.ts';
import { complain } from '../output.ts';
import { formatCount, formatNumberOf } from '../sizes.ts';
import { byteSource } from '../source.ts';
import type { TransformCommandOptions } from '../transform-options.ts';
import { transforming, writtenText } from '../transform-run.ts';
import { visible } from '../visible.ts';

/** Options of `recordpipe repair`. */
export interface RepairCommandOptions extends TransformCommandOptions {
  readonly report?: string;
  readonly maxErrors: number;
}

/** Maximum findings shown. */
const MAX_SHOWN = 10;

/** Copies the valid records of a file to a new one. Returns the exit code: 1 if data was skipped. */
export async function repair(input: string, output: string, options: RepairCommandOptions): Promise<number> {
  const { report, maxErrors } = options;
  if (report === '-')
    throw new UsageError('--report: expected a file, got -; --json prints the report to standard output');
  const reports = report === undefined ? undefined : await import('../report-file.ts');
  await reports?.refuseReportOn([input, output], report!);
  await reports?.checkReportFolder(report!);
  return transforming(options, {
    verb: 'repair',
    input,
    output,
    work: async (common) => {
      let shown = 0;
      const onFinding = (error: RecordpipeError): void => {
        if (!options.quiet && !options.json && shown++ < MAX_SHOWN)
          complain(`${error.code}: ${visible(error.message)}`);
      };
      const { read, ...others } = common;
      const result = await repairFile(byteSource(input).source, output, {
        ...others,
        read: { ...read, uri: byteSource(input).uri },
        maxFindings: maxErrors,
        onFinding,
      });
      await reports?.writeReport(report!, `${JSON.stringify(result, undefined, 2)}\n`);
      return result;
    },
    summary,
    exitCode: ({ ok }) => (ok ? OK : INVALID),
  });
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
