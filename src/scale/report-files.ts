import { expandInputs, type Reaching } from '../check/expand-inputs.ts';
import { ShapeError } from '../check/json-shape.ts';
import { isRecordpipeError, RecordpipeError } from '../errors.ts';
import { writeWhole } from '../records/write/prepare-output.ts';
import { isGlob } from '../storage/glob.ts';
import { objectOptions } from '../storage/object-options.ts';
import { openObject } from '../storage/read-objects.ts';
import { storageOf } from '../storage/registry.ts';
import { type ShardReport, shardReportShape } from './shard-report.ts';
import type { TotalReport } from './total-report.ts';

/**
 * Returns the report files that match `inputs`. Works like `expandInputs`, except that folders, and
 * prefixes that end with a slash, match files whose names end in `.json`.
 * @throws RecordpipeError the same errors as `expandInputs`
 */
export async function findReports(inputs: readonly string[], reaching: Reaching = {}): Promise<string[]> {
  const found = new Set<string>();
  for (const input of inputs) for (const file of await expand(input, reaching)) found.add(file);
  return [...found].sort();
}

async function expand(input: string, reaching: Reaching): Promise<string[]> {
  const { objects, signal } = reaching;
  const storage = await storageOf(input, objectOptions(objects));
  const folder = await storage.place(input).folder(input);
  if (!folder.endsWith('/') || (isGlob(input) && folder === input))
    return expandInputs(input, 'textline', reaching);
  const files: string[] = [];
  for await (const { uri } of storage.list(folder, signal, () => false))
    if (uri.endsWith('.json') && !uri.slice(folder.length).startsWith('.')) files.push(uri);
  if (files.length > 0) return files;
  throw new RecordpipeError('not-found', 'no reports found (*.json)', { uri: input });
}

/** First characters of every shard report, which distinguish it from other JSON documents. */
const MAGIC = '{"recordpipe":"shard-report",';
/**
 * Maximum size of a report, in bytes. The text of a larger one would exceed the maximum string
 * length.
 */
const MAX_REPORT_BYTES = 500_000_000;

/**
 * Writes a report unless an equal one exists, because an engine may rerun a worker that has already
 * finished.
 *
 * @param output a path or `s3://bucket/key`
 * @returns true if the report was written; false if an equal report exists
 * @throws RecordpipeError `report-mismatch` if a different file with this name exists; `not-found`,
 *   `access-denied`, `retries-exhausted`, `io-failure`, `aborted`
 */
export async function writeReport(
  report: ShardReport | TotalReport,
  output: string,
  { objects, signal }: Reaching = {},
): Promise<boolean> {
  const bytes = Buffer.from(reportText(report));
  try {
    await writeWhole(output, [bytes], { overwrite: false, sync: true, objects, signal });
    return true;
  } catch (error) {
    if (!isRecordpipeError(error, 'already-exists')) throw error;
  }
  if (bytes.equals(await bytesOf(output, { objects, signal }))) return false;
  const text =
    'a different report with this name exists, because the data has changed or the options differ; choose another name, or remove that report';
  throw new RecordpipeError('report-mismatch', text, { uri: output });
}

/**
 * Reads a report of one or more shards. Validates every field because the report may come from an
 * untrusted source.
 * @param input a path or `s3://bucket/key`
 * @throws RecordpipeError `malformed-report`; `not-found`, `object-missing`, `access-denied`,
 *   `retries-exhausted`, `io-failure`, `aborted`
 */
export async function readReport(input: string, reaching: Reaching = {}): Promise<ShardReport> {
  const text = (await bytesOf(input, reaching)).toString();
  if (!text.startsWith(MAGIC)) throw malformed('not a shard report', input);
  let report: ShardReport;
  try {
    report = JSON.parse(text) as ShardReport;
    shardReportShape(report, '');
  } catch (error) {
    const { message } = error as Error;
    if (error instanceof SyntaxError) throw malformed(`truncated or modified: ${message}`, input, error);
    if (error instanceof ShapeError) throw malformed(message, input);
    throw error;
  }
  const numbers = new Set<number>();
  for (const { shard } of report.parts) {
    if (shard >= report.shards || numbers.has(shard))
      throw malformed(`parts: expected each shard from 0 to ${report.shards - 1} once, got ${shard}`, input);
    numbers.add(shard);
  }
  if (numbers.size === 0) throw malformed('parts: expected at least one shard, got none', input);
  return report;
}

/** Reports whether a file begins like a shard report. */
export async function isReport(input: string, { objects, signal }: Reaching = {}): Promise<boolean> {
  const options = { ...objects, firstPartBytes: MAGIC.length, signal };
  let head = '';
  for await (const chunk of openObject(input, options).chunks) {
    head += Buffer.from(chunk).toString('latin1', 0, MAGIC.length);
    if (head.length >= MAGIC.length) break;
  }
  return head.startsWith(MAGIC);
}

/**
 * Formats a report. A shard report, which programs read, is one line; a total report is indented.
 */
export function reportText(report: ShardReport | TotalReport): string {
  return `${JSON.stringify(report, undefined, report.recordpipe === 'total-report' ? 2 : undefined)}\n`;
}

async function bytesOf(input: string, { objects, signal }: Reaching): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of openObject(input, { ...objects, signal }).chunks) {
    length += chunk.length;
    if (length > MAX_REPORT_BYTES) throw malformed(`larger than ${MAX_REPORT_BYTES} bytes`, input);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function malformed(text: string, uri: string, cause?: unknown): RecordpipeError {
  return new RecordpipeError('malformed-report', text, { uri }, cause);
}
