import type { OptionNames } from '../bytes/arguments.ts';
import { checkPath } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import {
  DATA_ERROR_CODES,
  type ErrorJson,
  isRecordpipeError,
  type RecordpipeError,
  UsageError,
} from '../errors.ts';
import type { TransformResult } from './convert-file.ts';
import { closeInput, eachRecord, openInput, progressOf, type RecordInput } from './record-input.ts';
import { outputKind, writeOutput } from './record-output.ts';
import { preservingLines, writingOptions } from './text-lines.ts';
import { type TransformOptions, transformOptions } from './transform-options.ts';

/** Options of {@link repairFile}. Every field has a default; pass what differs. */
export interface RepairOptions extends TransformOptions {
  /** How many findings are kept in the result; all are counted. Default 1000. */
  readonly maxFindings: number;
  /** Told of every finding. */
  readonly onFinding: ((error: RecordpipeError) => void) | undefined;
}

const NAMES: OptionNames<Omit<RepairOptions, keyof TransformOptions>> = {
  maxFindings: true,
  onFinding: true,
};

/** A damaged place. A skipped stretch counts as one record, at its first byte. */
export interface RepairFinding extends ErrorJson {
  /** How many bytes from there on are not in the output; null where nobody knows: after damage that ends a compressed stream. */
  readonly skippedBytes: number | null;
}

/** What was repaired: the document that `recordpipe repair --report` writes. A stable contract; fields may be added. */
export interface RepairResult extends TransformResult {
  readonly uri: string | undefined;
  /** Whether nothing was wrong: the output holds all records of the source. */
  readonly ok: boolean;
  /** The first `maxFindings` findings, in the order of the source. */
  readonly findings: readonly RepairFinding[];
  readonly findingCount: number;
}

/**
 * Writes the good records of a damaged file into a new one and says what was wrong. The source is only read. Damage is a finding, not an exception: behind it
 * the next good record is looked for (`recover: 'scan'` of the readers), and where nothing behind it can be read the output ends there.
 *
 * @param source a path, `-` for standard input, or any other source of bytes
 * @param output a path, or `-` for standard output
 * @throws as `convertFile`, but for damage of the source
 * @throws UsageError for an unknown option value
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
  const options = preservingLines([source], output, transformOptions('repairFile', given, NAMES));
  const { maxFindings = 1000, onFinding } = given;
  if (!(maxFindings >= 0))
    throw new UsageError(`maxFindings: expected a number from 0 on, got ${maxFindings}`);
  const log = new FindingLog(maxFindings, onFinding);
  const read = { ...options.read, recover: 'scan', maxCorruptedTotal: Number.POSITIVE_INFINITY } as const;
  const input = await openInput(source, { ...options, read, onCorrupt: (error) => log.add(error) });
  try {
    const kind = outputKind(output, options, input.format);
    const progress = progressOf(input, options);
    const written = await writeOutput(
      [source],
      output,
      kind,
      writingOptions(options, input.format),
      (writer) => eachRecord(watched(input, log), (payload) => writer.write(payload), progress),
    );
    const { format, compression } = kind;
    return {
      uri: input.uri,
      ok: log.count === 0,
      from: input.format,
      to: format,
      compression,
      output: written,
      findings: log.findings,
      findingCount: log.count,
    };
  } finally {
    await closeInput(input);
  }
}

/** The same input, which ends where nothing more can be read; the log is told where the good records go on. */
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

/** Collects findings; how many bytes each of them cost is known when the next thing comes. */
class FindingLog {
  readonly findings: RepairFinding[] = [];
  count = 0;
  readonly #most: number;
  readonly #tell: ((error: RecordpipeError) => void) | undefined;
  #open: RecordpipeError | undefined;

  constructor(most: number, tell: ((error: RecordpipeError) => void) | undefined) {
    this.#most = most;
    this.#tell = tell;
  }

  add(error: RecordpipeError): void {
    this.close(error.offset);
    this.#open = error;
    this.count++;
    this.#tell?.(error);
  }

  /** @param end where the damage ends, if that is known */
  close(end: number | undefined): void {
    const error = this.#open;
    this.#open = undefined;
    if (error === undefined || this.findings.length >= this.#most) return;
    const skippedBytes =
      end === undefined || error.offset === undefined ? null : Math.max(0, end - error.offset);
    this.findings.push({ ...error.toJSON(), skippedBytes });
  }
}
