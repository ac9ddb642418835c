import type { OptionNames } from '../bytes/arguments.ts';
import { checkPath } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { UsageError } from '../errors.ts';
import { temporaryFolder } from '../storage/inspect.ts';
import type { TransformResult } from './convert-file.ts';
import { checkSeed, SmallestKeys, SplitMix64 } from './keyed-records.ts';
import { closeInput, eachRecord, openInput, progressOf } from './record-input.ts';
import { outputKind, writeOutput } from './record-output.ts';
import { SpooledRecords } from './temp-file.ts';
import { preservingLines, writingOptions } from './text-lines.ts';
import { type TransformOptions, transformOptions } from './transform-options.ts';

/** Options of {@link sampleFile}: `records` or `fraction`, and what differs from the defaults. */
export interface SampleOptions extends TransformOptions {
  /** How many records are drawn; all, where there are no more. */
  readonly records: number | undefined;
  /** With which probability each record is drawn, on its own, 0 to 1: how many that makes is left to chance. */
  readonly fraction: number | undefined;
  /** A whole number from 0 to 2^53 - 1, which determines what is drawn. Default 0. */
  readonly seed: number;
  /** Folder for a temporary file, which `records` needs. Default: the output's folder; the host's for standard output. */
  readonly tempDir: string | undefined;
}

const NAMES: OptionNames<Omit<SampleOptions, keyof TransformOptions>> = {
  records: true,
  fraction: true,
  seed: true,
  tempDir: true,
};

/** What was drawn. */
export interface SampleResult extends TransformResult {
  /** Records of the source. */
  readonly of: number;
  readonly seed: number;
}

/**
 * Draws records of a file at random, each at most once, and writes them in their order. Every set of so many records is as likely as any other.
 *
 * Each record gets the number that SplitMix64 draws from the seed for it, as in `shuffleFile`: `records: n` takes those with the n smallest numbers, which are the
 * first n that `shuffleFile` would write; `fraction: p` those with numbers below p * 2^64, so that a smaller fraction is part of a larger one. What is
 * drawn depends on seed and number of records only.
 *
 * The source is read once and may be a pipe. `records` keeps 8 bytes for each record to be drawn in memory, and in a temporary file those that may yet be drawn:
 * n * (1 + ln(total / n)) of them.
 *
 * @param source a path, `-` for standard input, or any other source of bytes
 * @param output a path, or `-` for standard output
 * @throws as `convertFile`
 * @throws UsageError for an option value that no option has; unless either `records` or `fraction` is given
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { sampleFile } from 'recordpipe/transform';
 * const numbers = [1, 2, 3, 4, 5].map((n) => encodeTFRecord(Uint8Array.of(n)));
 * const { output, of } = await sampleFile(numbers, 'some.jsonl', { records: 2, seed: 7, overwrite: true });
 * console.log(output.records, of); // 2 5
 * ```
 */
export async function sampleFile(
  source: ByteSource,
  output: string,
  given: Partial<SampleOptions> = {},
): Promise<SampleResult> {
  checkPath('output', output);
  const options = preservingLines([source], output, transformOptions('sampleFile', given, NAMES));
  const { records, fraction, seed = 0, tempDir } = given;
  checkAmount(records, fraction);
  checkSeed(seed);
  const folder = tempDir ?? temporaryFolder(output);
  const input = await openInput(source, options);
  const spool = new SpooledRecords(folder);
  try {
    let of = 0;
    const kind = outputKind(output, options, input.format);
    const written = await writeOutput(
      [source],
      output,
      kind,
      writingOptions(options, input.format),
      async (writer) => {
        const keys = new SplitMix64(seed);
        const smallest = new SmallestKeys(records ?? 0);
        const drawn = (payload: Uint8Array): Promise<void> | undefined => {
          keys.next();
          return (keys.hi * 2 ** 21 + (keys.lo >>> 11)) / 2 ** 53 < (fraction as number)
            ? writer.write(payload)
            : undefined;
        };
        const candidate = (payload: Uint8Array): Promise<void> | undefined => {
          keys.next();
          return smallest.add(keys.hi, keys.lo) ? spool.add(keys.hi, keys.lo, payload) : undefined;
        };
        const progress = progressOf(input, options);
        await eachRecord(input, fraction === undefined ? candidate : drawn, (batch) => {
          of = batch.firstRecord + batch.length;
          progress(batch);
        });
        await spool.each((hi, lo, payload) => (smallest.has(hi, lo) ? writer.write(payload) : undefined));
      },
    );
    const { format, compression } = kind;
    return { from: input.format, to: format, compression, output: written, of, seed };
  } finally {
    await spool.close();
    await closeInput(input);
  }
}

function checkAmount(records: number | undefined, fraction: number | undefined): void {
  if ((records === undefined) === (fraction === undefined))
    throw new UsageError('sample: expected either records (how many) or fraction (which part)');
  if (records !== undefined && !(Number.isSafeInteger(records) && records >= 0))
    throw new UsageError(`records: expected an integer >= 0, got ${records}`);
  if (fraction !== undefined && !(fraction >= 0 && fraction <= 1))
    throw new UsageError(`fraction: expected a number from 0 to 1, got ${fraction}`);
}
