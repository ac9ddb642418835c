import type { RecordpipeError } from 'recordpipe';
import { type RepairResult, repairFile } from 'recordpipe/transform';
import { INVALID, OK } from '../exit-codes.ts';
import { complain } from '../output.ts';
import { formatCount, formatNumberOf } from '../sizes.ts';
import { byteSource } from '../source.ts';
import type { TransformCommandOptions } from '../transform-options.ts';
import { transforming, writtenText } from '../transform-run.ts';

/** Options of `recordpipe repair`. */
export interface RepairCommandOptions extends TransformCommandOptions {
  readonly report?: string;
  readonly maxErrors: number;
}

/** Findings that people are shown. */
const MOST_SHOWN = 10;

/** Writes the good records of a file into a new one; the exit code: 1 where anything was lost. */
export async function repair(input: string, output: string, options: RepairCommandOptions): Promise<number> {
  const { report, maxErrors } = options;
  const reports = report === undefined ? undefined : await import('../report-file.ts');
  await reports?.refuseReportOn([input, output], report!);
  await reports?.checkReportFolder(report!);
  await reports?.checkReplaceable(report!, 'repair', options.force);
  return transforming(options, {
    verb: 'repair',
    output,
    work: async (common) => {
      let shown = 0;
      const onFinding = (error: RecordpipeError): void => {
        if (!options.quiet && !options.json && shown++ < MOST_SHOWN)
          complain(`${error.code}: ${error.message}`);
      };
      const { read, ...others } = common;
      const result = await repairFile(byteSource(input).source, output, {
        ...others,
        read: { ...read, uri: byteSource(input).uri },
        maxFindings: maxErrors,
        onFinding,
      });
      await reports?.writeReport(
        report!,
        `${JSON.stringify(result, undefined, 2)}\n`,
        'repair',
        options.force,
      );
      return result;
    },
    summary,
    exitCode: ({ ok }) => (ok ? OK : INVALID),
  });
}

function summary({ output, findingCount, findings }: RepairResult): string {
  const written = writtenText(output);
  if (findingCount === 0) return `${written}; nothing was wrong`;
  const hidden = findingCount > MOST_SHOWN ? ` (${MOST_SHOWN} shown; --report names more)` : '';
  const known =
    findings.every(({ skippedBytes }) => skippedBytes !== null) && findings.length === findingCount;
  const bytes = findings.reduce((sum, { skippedBytes }) => sum + (skippedBytes ?? 0), 0);
  const lost = known ? `, ${formatCount(bytes)} bytes left out` : '';
  return `${written}; ${formatNumberOf(findingCount, 'finding')}${hidden}${lost}`;
}
