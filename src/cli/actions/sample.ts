import { UsageError } from 'recordpipe/errors';
import { sampleFile } from 'recordpipe/transform';
import { byteSource } from '../source.ts';
import { formatCount } from '../text/sizes.ts';
import type { TransformCommandOptions } from '../transform-options.ts';
import { transforming, writtenText } from '../transform-run.ts';

/** Options of `recordpipe sample`. */
export interface SampleCommandOptions extends TransformCommandOptions {
  readonly records?: number;
  readonly fraction?: number;
  readonly seed: number;
  readonly tempDir?: string;
}

/** Samples records at random. Returns the exit code. */
export async function sample(input: string, output: string, options: SampleCommandOptions): Promise<number> {
  const { records, fraction, seed, tempDir } = options;
  if ((records === undefined) === (fraction === undefined))
    throw new UsageError('sample: pass exactly one of --records and --fraction');
  return transforming(options, {
    verb: 'sample',
    input,
    output,
    work: (common) =>
      sampleFile(byteSource(input).source, output, { ...common, records, fraction, seed, tempDir }),
    summary: (result) =>
      `${writtenText(result.output)}, sampled from ${formatCount(result.of)} with seed ${result.seed}`,
  });
}
