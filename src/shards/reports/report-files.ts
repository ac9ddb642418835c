import { isObjectUri } from '../../bytes/object-uri.ts';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { writeWhole } from '../../files/write-whole.ts';
import { openObject } from '../../objects/open-object.ts';
import type { Reaching } from '../../report/expand-inputs.ts';
import type { ShardCommand, ShardReport } from './shard-report.ts';
import type { TotalReport } from './total-report.ts';

/** What reports of shards begin with, so that they are told from other JSON. */
const MAGIC = '{"recordpipe":"shard-report",';
const COMMANDS: readonly string[] = [
  'validate',
  'stats',
  'schema',
  'index',
  'convert',
] satisfies ShardCommand[];

/**
 * Writes a report where there is none of that name. Where there is one, it must hold the same: a worker that is run again, because nobody heard that it had ended, has
 * ended well.
 *
 * @param output a path or `s3://bucket/key`
 * @returns whether it was written; false: it was there
 * @throws RecordpipeError `report-mismatch` where something else is there; `not-found`, `access-denied`, `retries-exhausted`, `io-failure`, `aborted`
 */
export async function writeReport(
  report: ShardReport | TotalReport,
  output: string,
  { objects, signal }: Reaching = {},
): Promise<boolean> {
  const bytes = Buffer.from(reportText(report));
  try {
    await writeWhole(output, [bytes], { overwrite: false, sync: !isObjectUri(output), objects, signal });
    return true;
  } catch (error) {
    if (!isRecordpipeError(error, 'already-exists')) throw error;
  }
  if (bytes.equals(await bytesOf(output, { objects, signal }))) return false;
  const text =
    'another report is there already: what was read has changed since, or other options were given; choose another name, or remove it';
  throw new RecordpipeError('report-mismatch', text, { uri: output });
}

/**
 * Reads the report of a shard, or of several.
 * @param input a path or `s3://bucket/key`
 * @throws RecordpipeError `malformed-report`; `not-found`, `object-missing`, `access-denied`, `retries-exhausted`, `io-failure`, `aborted`
 */
export async function readReport(input: string, reaching: Reaching = {}): Promise<ShardReport> {
  const text = (await bytesOf(input, reaching)).toString();
  if (!text.startsWith(MAGIC)) throw malformed('it is no report of a shard', input);
  try {
    return checked(JSON.parse(text), input);
  } catch (error) {
    if (isRecordpipeError(error)) throw error;
    throw malformed(`it was cut short or changed: ${(error as Error).message}`, input, error);
  }
}

/** Whether a file begins as reports of shards do. */
export async function isReport(input: string, { objects, signal }: Reaching = {}): Promise<boolean> {
  const options = { ...objects, firstPartBytes: MAGIC.length, signal };
  let head = '';
  for await (const chunk of openObject(input, options).chunks) {
    head += Buffer.from(chunk).toString('latin1', 0, MAGIC.length);
    if (head.length >= MAGIC.length) break;
  }
  return head.startsWith(MAGIC);
}

/** The text of a report: of shards in one line, for programs; of the total for people as well. */
export function reportText(report: ShardReport | TotalReport): string {
  return `${JSON.stringify(report, undefined, report.recordpipe === 'total-report' ? 2 : undefined)}\n`;
}

async function bytesOf(input: string, { objects, signal }: Reaching): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of openObject(input, { ...objects, signal }).chunks) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function checked(report: ShardReport, uri: string): ShardReport {
  const { version, command, plan, shards, settings, parts } = report;
  if (version !== 1) throw malformed(`version: expected 1, got ${JSON.stringify(version)}`, uri);
  const numbers = Array.isArray(parts) ? parts.map(({ shard }) => shard) : [];
  const fine =
    COMMANDS.includes(command) &&
    typeof plan?.hash === 'string' &&
    Number.isSafeInteger(shards) &&
    typeof settings === 'object' &&
    numbers.length > 0 &&
    new Set(numbers).size === numbers.length &&
    numbers.every((shard) => Number.isSafeInteger(shard) && shard >= 0 && shard < shards);
  if (!fine) throw malformed('a field is missing, or is not what it should be', uri);
  return report;
}

function malformed(text: string, uri: string, cause?: unknown): RecordpipeError {
  return new RecordpipeError('malformed-report', text, { uri }, cause);
}
