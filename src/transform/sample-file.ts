import { checkPath, type OptionNames } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { UsageError } from '../errors.ts';
import { temporaryFolder } from '../storage/inspect.ts';
import { SpooledRecords } from './key-sorter.ts';
import { checkSeed, SmallestKeys, SplitMix64 } from './random-keys.ts';
import { eachRecord, openInput, progressOf } from './record-input.ts';
import { writeOutput } from './record-output.ts';
import { filterOf, selectedRecords } from './selected-records.ts';
import { keepingLineEnds } from './text-lines.ts';
import {
  SELECTING_NAMES,
  type SelectingOptions,
  type TransformOptions,
  type TransformResult,
  transformOptions,
} from './transform-options.ts';

/**
 * Options of {@link sampleFile}. Exactly one of `records` and `fraction` is required; all other
 * fields have defaults.
 */
export interface SampleOptions extends SelectingOptions {
  /** Number of records to draw. If the source has fewer, all are drawn. */
  readonly records: number | undefined;
  /** Probability, 0 to 1, with which each record is drawn independently. */
  readonly fraction: number | undefined;
  /** Integer from 0 to 2^53 - 1 that determines the sample. Default 0. */
  readonly seed: number;
  /**
   * Folder for the temporary file that `records` requires. Default: the folder of the output; for
   * standard output, the system's temporary folder.
   */
  readonly tempDir: string | undefined;
}

const NAMES: OptionNames<Omit<SampleOptions, keyof TransformOptions>> = {
  ...SELECTING_NAMES,
  records: true,
  fraction: true,
  seed: true,
  tempDir: true,
};

/** Result of {@link sampleFile}. */
export interface SampleResult extends TransformResult {
  /**
   * Number of records in the source. If `where` is set, only records that pass the filter are
   * counted.
   */
  readonly of: number;
  /** Seed of the random order. Use the same seed to reproduce the run. */
  readonly seed: number;
}

/**
 * Samples the records of a file at random without replacement and keeps their order. Every set of N
 * records is equally likely.
 *
 * SplitMix64 generates a number from the seed for each record, as in `shuffleFile`. `records: n`
 * selects the n records with the smallest numbers, which are the first n that `shuffleFile` would
 * write. `fraction: p` selects the records with numbers below p * 2^64, so the sample for a smaller
 * fraction is a subset of the sample for a larger one. The result depends only on the seed and the
 * number of records.
 *
 * The source is read once and may be a pipe. `records` uses 8 bytes of memory per record to draw,
 * and a temporary file for the candidates: n * (1 + ln(total / n)) records.
 *
 * @param source a path, `-` for standard input, or any other byte source
 * @param output a path, or `-` for standard output
 * @throws the same errors as `convertFile`
 * @throws UsageError for an invalid option value; unless exactly one of `records` and `fraction` is
 *   set
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { sampleFile } from 'recordpipe/transform';
 * const numbers = [1, 2, 3, 4, 5].map((n) => encodeTFRecord(Uint8Array.of(n)));
 * const { output, of } = await sampleFile(numbers, 'some.b64', { records: 2, seed: 7, overwrite: true });
 * console.log(output.records, of); // 2 5
 * ```
 */
export async function sampleFile(
  source: ByteSource,
  output: string,
  given: Partial<SampleOptions> = {},
): Promise<SampleResult> {
  checkPath('output', output);
  const options = keepingLineEnds(transformOptions('sampleFile', given, NAMES), output);
  const { records, fraction, seed = 0, tempDir } = given;
  checkAmount(records, fraction);
  checkSeed(seed);
  const spool = new SpooledRecords(tempDir ?? temporaryFolder(output));
  try {
    const filter = await filterOf(given);
    const input = await openInput(source, { ...options, filter });
    let of = 0;
    const result = await writeOutput(input, [source], output, options, async (writer) => {
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
    });
    const selected = selectedRecords(filter, given);
    return { ...result, of: selected.where?.matched ?? of, seed, ...selected };
  } finally {
    await spool.close();
  }
}

function checkAmount(records: number | undefined, fraction: number | undefined): void {
  if ((records === undefined) === (fraction === undefined))
    throw new UsageError('sample: expected exactly one of records and fraction');
  if (records !== undefined && !(Number.isSafeInteger(records) && records >= 0))
    throw new UsageError(`records: expected an integer >= 0, got ${records}`);
  if (fraction !== undefined && !(fraction >= 0 && fraction <= 1))
    throw new UsageError(`fraction: expected a number from 0 to 1, got ${fraction}`);
}
