import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { checkFile } from '../../src/check/check-file.ts';
import type { FileChecker, FileTask } from '../../src/check/file-checker.ts';
import type { FileInput } from '../../src/check/file-input.ts';
import type { FileReport } from '../../src/check/file-report.ts';
import type { LookedReport } from '../../src/check/look-inside.ts';
import { checkRange } from '../../src/check/ranges/check-range.ts';
import type { FilePlan } from '../../src/check/ranges/plan-ranges.ts';
import type { CheckOrder } from '../../src/check/ranges/range-order.ts';
import { RangedFile } from '../../src/check/ranges/ranged-file.ts';
import { mergeStats, NO_STATS } from '../../src/check/stats/dataset-stats.ts';
import { encodeExample } from '../../src/messages/example/encode-example.ts';
import { type Damage, damaged, randomDamage } from './corrupt.ts';
import { gif } from './examples.ts';
import { oracleFileRecordIO } from './oracle-recordio.ts';
import { concat, oracleFile } from './oracle-tfrecord.ts';
import type { Random } from './random.ts';

export type RangedFormat = 'tfrecord' | 'recordio' | 'textline';

/** Returns a file in a format, of at least `size` bytes. */
export function randomFile(random: Random, format: RangedFormat, size: number): Uint8Array {
  const payloads: Uint8Array[] = [];
  const typical = random.pick([20, 100, 500]);
  for (let bytes = 0; bytes < size; bytes += payloads[payloads.length - 1].length + 8)
    payloads.push(randomPayload(random, random.below(40) === 0 ? 20 * typical : typical));
  if (format === 'tfrecord') return oracleFile(payloads);
  if (format === 'recordio') return oracleFileRecordIO(payloads, random.below(3) > 0);
  const ends = random.pick([['\n'], ['\n', '\r\n', '\r\r\n']]);
  const lines = payloads.map((line) =>
    concat([line.map((byte) => (byte === 10 ? 32 : byte)), new TextEncoder().encode(random.pick(ends))]),
  );
  return concat(lines);
}

/** Returns a payload: random bytes, an Example, records in a record, or magic numbers. */
function randomPayload(random: Random, max: number): Uint8Array {
  const length = random.below(max);
  switch (random.below(12)) {
    case 0:
      return oracleFile([random.bytes(8), new Uint8Array(0), random.bytes(length), random.bytes(3)]);
    case 1:
      return oracleFileRecordIO([random.bytes(8), new Uint8Array(0), random.bytes(length)], false);
    case 2:
      return oracleFileRecordIO([random.bytes(4)], false).subarray(0, 4 + random.below(8));
    case 3:
      return new Uint8Array(length);
    case 4:
    case 5:
    case 6:
      return encodeExample({
        label: { kind: 'int64', value: [random.below(5)] },
        ratio: { kind: 'float', value: [random.below(100) / 8] },
        [random.pick(['name', 'image'])]: {
          kind: 'bytes',
          value: [random.pick([gif(random.below(9), 2), random.bytes(3)])],
        },
      });
    default:
      return random.bytes(length);
  }
}

/** Returns damage close to one of the cuts. */
export function damageAtCut(random: Random, size: number, rangeBytes: number): Damage {
  const damage = randomDamage(random, size);
  const cut = rangeBytes * random.below(Math.ceil(size / rangeBytes));
  return { ...damage, at: Math.max(0, Math.min(size, cut + random.below(240) - 120)) };
}

/** Returns a file with random damage close to its cuts. */
export function damagedAtCuts(random: Random, file: Uint8Array, rangeBytes: number): Uint8Array {
  let bytes = file;
  for (let left = random.pick([0, 1, 1, 1, 2, 5]); left > 0; left--)
    bytes = damaged(bytes, damageAtCut(random, bytes.length, rangeBytes));
  // An empty file has no ranges.
  return bytes.length === 0 ? file : bytes;
}

/** What the ranges of a file yielded. */
export interface RangedOutcome {
  /** The report, or null if the file had to be checked from beginning to end. */
  readonly report: FileReport | null;
  readonly findings: readonly unknown[];
  readonly orders: readonly CheckOrder[];
}

/** Checks a file in ranges, with `threads` concurrent checks on this thread. */
export async function checkInRanges(
  input: FileInput,
  plan: FilePlan,
  task: FileTask,
  threads = 3,
): Promise<RangedOutcome> {
  const findings: unknown[] = [];
  const orders: CheckOrder[] = [];
  const watch = {
    onProgress: () => {},
    onFinding: (error: Error) => findings.push(JSON.parse(JSON.stringify(error))),
  };
  const file = new RangedFile(input, plan, task, watch);
  const checker: FileChecker = {
    check: (whole) => checkFile(whole, task, {}),
    checkAll: async () => {},
    checkRange: async (order) => {
      orders.push(order);
      // Results cross threads as structured clones.
      return structuredClone(await checkRange(structuredClone(order), task, {}));
    },
    close: async () => {},
  };
  const reports = await Promise.all(Array.from({ length: threads }, () => file.help(checker, 1)));
  const [report, ...more] = reports.filter((one) => one !== undefined);
  assert.deepEqual(more, []);
  return { report: report as FileReport | null, findings, orders };
}

/** Checks that ranges give the same report and findings as one pass over the file. */
export async function compareRanges(
  path: string,
  bytes: Uint8Array,
  format: RangedFormat,
  task: FileTask,
  rangeBytes: number,
  label: string,
): Promise<RangedOutcome> {
  writeFileSync(path, bytes);
  return compareInput({ path }, { format, ranges: { size: bytes.length, rangeBytes } }, task, label);
}

/** Like {@link compareRanges}, for an existing file or object. */
export async function compareInput(
  input: FileInput,
  plan: FilePlan,
  task: FileTask,
  label: string,
): Promise<RangedOutcome> {
  const findings: unknown[] = [];
  const onFinding = (error: Error): void => void findings.push(JSON.parse(JSON.stringify(error)));
  const whole = await checkFile(input, task, { onFinding });
  const ranged = await checkInRanges(input, plan, task);
  assert.equal(textOf(ranged.report, task), textOf(whole, task), label);
  assert.deepEqual(ranged.findings, findings, label);
  return ranged;
}

/**
 * Returns the JSON text of a report without its duration and, for counts, without warnings, which
 * depend on the way of counting.
 */
function textOf(report: LookedReport | null, { check }: FileTask): string {
  const stats = report?.stats && mergeStats(report.stats, NO_STATS);
  return JSON.stringify({ ...report, seconds: 0, stats, ...(check === 'count' && { warnings: [] }) });
}
