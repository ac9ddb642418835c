import { checkPath, type OptionNames } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import {
  DATA_ERROR_CODES,
  type ErrorJson,
  isRecordpipeError,
  type RecordpipeError,
  UsageError,
} from '../errors.ts';
import { eachRecord, openInput, progressOf, type RecordInput } from './record-input.ts';
import { writeOutput } from './record-output.ts';
import { keepingLineEnds } from './text-lines.ts';
import { type TransformOptions, type TransformResult, transformOptions } from './transform-options.ts';

/** Options of {@link repairFile}. Every field has a default. */
export interface RepairOptions extends TransformOptions {
  /** Maximum number of findings listed in the result; all are counted. Default 1000. */
  readonly maxFindings: number;
  /** Called with every finding, including those beyond `maxFindings`. */
  readonly onFinding: ((error: RecordpipeError) => void) | undefined;
}

const NAMES: OptionNames<Omit<RepairOptions, keyof TransformOptions>> = {
  maxFindings: true,
  onFinding: true,
};

/** A damaged location. A skipped range counts as one record at the first byte of the range. */
export interface RepairFinding extends ErrorJson {
  /**
   * Number of bytes from this location that are missing from the output; null if this number is
   * unknown because the damage ends a compressed stream.
   */
  readonly skippedBytes: number | null;
}

/**
 * Result of `repairFile`, as written by `recordpipe repair --report`. The fields are stable.
 * Releases may add other fields.
 */
export interface RepairResult extends TransformResult {
  /** Path or address of the input. */
  readonly uri: string | undefined;
  /** Whether the source is undamaged. If true, the output contains all records of the source. */
  readonly ok: boolean;
  /** The first `maxFindings` findings, in source order. */
  readonly findings: readonly RepairFinding[];
  /** Number of findings, including findings that are not listed. */
  readonly findingCount: number;
}

/**
 * Copies the valid records of a damaged file to a new file and reports the damage. Never modifies
 * the source. Damage is a finding, not an exception: reading resumes at the next valid record
 * (`recover: 'scan'` of the readers). If nothing after the damage is readable, the output ends
 * there.
 *
 * @param source a path, `-` for standard input, or any other byte source
 * @param output a path, or `-` for standard output
 * @throws the same errors as `convertFile`, except for damage of the source
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { repairFile } from 'recordpipe/transform';
 * const records = [1, 2, 3].map((n) => encodeTFRecord(Uint8Array.of(n)));
 * records[1][12] ^= 1;
 * const { output, findings } = await repairFile(records, 'good.tfrecord', { overwrite: true });
 * console.log(output.records, findings[0].code, findings[0].skippedBytes); // 2 data-checksum 17
 * ```
 */
export async function repairFile(
  source: ByteSource,
  output: string,
  given: Partial<RepairOptions> = {},
): Promise<RepairResult> {
  checkPath('output', output);
  const options = keepingLineEnds(transformOptions('repairFile', given, NAMES), output);
  const { maxFindings = 1000, onFinding } = given;
  if (!(maxFindings >= 0)) throw new UsageError(`maxFindings: expected a number >= 0, got ${maxFindings}`);
  const log = new FindingLog(maxFindings, onFinding);
  const read = { ...options.read, recover: 'scan', maxCorruptedTotal: Number.POSITIVE_INFINITY } as const;
  const input = await openInput(source, { ...options, read, onCorrupt: (error) => log.add(error) });
  const progress = progressOf(input, options);
  const result = await writeOutput(input, [source], output, options, (writer) =>
    eachRecord(watched(input, log), (payload) => writer.write(payload), progress),
  );
  const { findings, count } = log;
  return { uri: input.uri, ok: count === 0, ...result, findings, findingCount: count };
}

/**
 * Returns the input, truncated where it becomes unreadable. Notifies the log when valid records
 * resume.
 */
function watched(input: RecordInput, log: FindingLog): RecordInput {
  async function* batches(): RecordInput['batches'] {
    try {
      for await (const batch of input.batches) {
        log.close(batch.offset(0));
        yield batch;
      }
    } catch (error) {
      if (!isRecordpipeError(error) || !DATA_ERROR_CODES.has(error.code)) throw error;
      log.add(error);
    }
    log.close(input.totalBytes);
  }
  return { ...input, batches: batches() };
}

/**
 * Collects findings. The number of skipped bytes of a finding is known only at the next record or
 * finding.
 */
class FindingLog {
  readonly findings: RepairFinding[] = [];
  count = 0;
  readonly #maxFindings: number;
  readonly #onFinding: ((error: RecordpipeError) => void) | undefined;
  #open: RecordpipeError | undefined;

  constructor(maxFindings: number, onFinding: ((error: RecordpipeError) => void) | undefined) {
    this.#maxFindings = maxFindings;
    this.#onFinding = onFinding;
  }

  add(error: RecordpipeError): void {
    this.close(error.offset);
    this.#open = error;
    this.count++;
    this.#onFinding?.(error);
  }

  /**
   * Completes the last finding.
   * @param end end of the damage, if it is known
   */
  close(end: number | undefined): void {
    const error = this.#open;
    this.#open = undefined;
    if (error === undefined || this.findings.length >= this.#maxFindings) return;
    const skippedBytes =
      end === undefined || error.offset === undefined ? null : Math.max(0, end - error.offset);
    this.findings.push({ ...error.toJSON(), skippedBytes });
  }
}
