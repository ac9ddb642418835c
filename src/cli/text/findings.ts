import type { CheckedFile, CheckedReport, FileReport, Finding, ValidateReport } from 'recordpipe/check';
import { advice } from '../advice.ts';
import { inCliWords } from '../cli-words.ts';
import { formatBytes, formatCount, formatNumberOf, formatRate, formatSeconds, visible } from './format.ts';
import type { Painter } from './terminal.ts';

/** Maximum number of findings shown per file. */
const MAX_SHOWN = 10;

/** Describes an invalid file: one line for the file, one line per finding, and the next steps. */
export function badFileText(file: CheckedFile, paint: Painter): string {
  const { uri, bytes, errors, errorCount, unreadable, stoppedAt } = file;
  const state = unreadable
    ? 'could not be read'
    : `${formatNumberOf(errorCount, 'finding')}, ${recordsText(file.records, [file])}, ${formatBytes(bytes)}`;
  const lines = [
    `${paint('red', unreadable ? 'unreadable' : 'invalid')} ${paint('bold', visible(uri))}: ${state}`,
  ];
  const shown = errors.slice(0, MAX_SHOWN);
  for (const finding of shown) lines.push(`  ${findingText(finding, file, paint)}`);
  const hidden = errorCount - shown.length;
  if (hidden > 0 && shown.length > 0)
    lines.push(`  … and ${formatCount(hidden)} more (--max-errors, --json)`);
  for (const next of new Set(shown.map((finding) => advice(finding)))) {
    if (next !== undefined) lines.push(paint('dim', `  next: ${next}`));
  }
  if (stoppedAt !== undefined) {
    const rest = `the file was not checked after ${byteUnit(file)} ${stoppedAt}; to check the rest, run validate --recover`;
    lines.push(paint('dim', `  next: ${rest}`));
  }
  return `${lines.join('\n')}\n`;
}

/** Formats the warnings about a file, one per line. */
export function warningsText({ uri, warnings }: FileReport, paint: Painter): string {
  return warnings
    .map(
      ({ code, message }) =>
        `${paint('yellow', 'warning')} ${paint('bold', visible(uri))}: ${visible(code)}: ${visible(message)}\n`,
    )
    .join('');
}

/** Formats the violated schema rules over all files, one per line. */
export function violationsText({ violations = [] }: CheckedReport, paint: Painter): string {
  if (violations.length === 0) return '';
  const lines = violations.map(({ rule, feature, count, files, uri, record, message }) => {
    const subject = feature === null ? '' : ` ${paint('bold', visible(feature))}`;
    const where = `first: record ${record} of ${visible(uri)}`;
    const often = `${formatNumberOf(count, 'record')} in ${formatNumberOf(files, 'file')}`;
    return `  ${paint('yellow', visible(rule))}${subject}: ${visible(message)}; ${often}, ${where}\n`;
  });
  return `violated schema rules:\n${lines.join('')}`;
}

/** Formats the last line of a check. */
export function summaryText(report: ValidateReport, seconds: number, paint: Painter): string {
  const rate = formatRate(report.totals.bytes, seconds);
  return sumsText(report, ` in ${formatSeconds(seconds)}${rate === undefined ? '' : ` (${rate})`}`, paint);
}

/**
 * Formats the result of an interrupted check: the findings in unfinished files, and a partial
 * summary.
 */
export function interruptedText(
  { files, totals, interrupted }: ValidateReport,
  seconds: number,
  paint: Painter,
): string {
  const { unfinished = [] } = interrupted ?? {};
  const shown = unfinished
    .slice(0, MAX_SHOWN)
    .map(
      (finding) =>
        `${paint('red', 'invalid')} ${paint('bold', visible(finding.uri))}: ${placedText(finding, 'byte', finding.uri, paint)}\n`,
    );
  const hidden = unfinished.length - shown.length;
  if (hidden > 0) shown.push(`  … and ${formatCount(hidden)} more (--json)\n`);
  const checked = `${formatCount(files.length)} of ${formatNumberOf(files.length + totals.notChecked, 'file')} checked`;
  const parts = [checked, `${formatCount(totals.bad)} invalid`];
  if (unfinished.length > 0)
    parts.push(`${formatNumberOf(unfinished.length, 'finding')} in unfinished files`);
  return `${shown.join('')}${paint('yellow', 'interrupted')} ${parts.join(', ')}; ${recordsText(totals.records, files)}, ${formatBytes(totals.bytes)} in ${formatSeconds(seconds)} (partial result)\n`;
}

/** Formats the last line of a merged report, which has no duration. */
export function totalText(report: CheckedReport, paint: Painter): string {
  return sumsText(report, '', paint);
}

function sumsText({ ok, files, totals }: CheckedReport, time: string, paint: Painter): string {
  const sums = `${recordsText(totals.records, files)}, ${formatBytes(totals.bytes)}${time}`;
  if (ok) return `${paint('green', 'ok')} ${formatNumberOf(files.length, 'file')}, ${sums}\n`;
  const parts = [`${formatCount(totals.bad)} of ${formatNumberOf(files.length, 'file')}`];
  if (totals.unreadable > 0) parts.push(`${formatCount(totals.unreadable)} unreadable`);
  if (totals.notChecked > 0)
    parts.push(`${formatNumberOf(totals.notChecked, 'file')} not checked (--fail-fast)`);
  return `${paint('red', 'invalid')} ${parts.join(', ')}; ${sums}\n`;
}

/**
 * Formats the number of records in files. Records that violate a schema are not called valid; how
 * many violate each rule is listed separately.
 */
function recordsText(records: number, files: readonly CheckedFile[]): string {
  const isViolated = files.some(({ schema }) => schema !== undefined && schema.violations.length > 0);
  return formatNumberOf(records, isViolated ? 'record' : 'valid record');
}

function findingText(finding: Finding, file: CheckedFile, paint: Painter): string {
  return placedText(finding, byteUnit(file), file.uri, paint);
}

function byteUnit({ compression }: CheckedFile): string {
  return compression === 'none' || compression === null ? 'byte' : 'uncompressed byte';
}

function placedText(
  { code, record, offset, message }: Finding,
  unit: string,
  uri: string,
  paint: Painter,
): string {
  const where = record === null ? '' : `record ${record} at ${unit} ${offset}: `;
  return `${where}${paint('yellow', visible(code))}: ${visible(inCliWords(withoutPlace(message, uri)))}`;
}

/** Removes the location from the end of a message because the line already shows it. */
function withoutPlace(message: string, uri: string): string {
  if (!message.endsWith(`${uri})`)) return message;
  const at = message.lastIndexOf(' (', message.length - uri.length - 1);
  return at < 0 ? message : message.slice(0, at);
}
