import { UsageError } from 'recordpipe/errors';
import { expandInputs } from 'recordpipe/report';
import { convertFile, kindOfName, type TransformOptions } from 'recordpipe/transform';
import { outputsIn } from '../convert-outputs.ts';
import { reachingOf } from '../reaching.ts';
import { isSharded, noInputs, type ShardCommandOptions } from '../shard-options.ts';
import { formatNumberOf } from '../sizes.ts';
import { byteSource } from '../source.ts';
import type { TransformCommandOptions } from '../transform-options.ts';
import { transforming, writtenText } from '../transform-run.ts';

/** Options of `recordpipe convert`. */
export interface ConvertCommandOptions extends TransformCommandOptions, ShardCommandOptions {
  readonly outputDir?: string;
}

/** Converts one file, or several into a directory. Returns the exit code. */
export async function convert(files: string[], options: ConvertCommandOptions): Promise<number> {
  const { outputDir } = options;
  if (files.length === 0 && options.plan === undefined) throw noInputs();
  if (isSharded(options)) {
    if (outputDir === undefined)
      throw new UsageError(
        '--shard, --plan: expected --output-dir as well; each output keeps the name of its input',
      );
    // Imported when wanted: start-up time counts.
    return (await import('./convert-shard.ts')).convertShard(outputDir, files, options);
  }
  if (outputDir !== undefined) return convertInto(outputDir, files, options);
  if (files.length !== 2)
    throw new UsageError(
      `convert: expected an input and an output, got ${formatNumberOf(files.length, 'file')}; for several inputs pass --output-dir`,
    );
  const [input, output] = files;
  if (options.to === undefined && (output === '-' || kindOfName(output).format === undefined))
    throw new UsageError(`convert: the output format cannot be derived from ${output}; pass --to`);
  return transforming(options, {
    verb: 'convert',
    output,
    work: (common) => convertFile(byteSource(input).source, output, common),
    summary: ({ from, to, output }) => `${writtenText(output)} (${from} to ${to})`,
  });
}

async function convertInto(
  folder: string,
  inputs: string[],
  options: ConvertCommandOptions,
): Promise<number> {
  const files = await expandInputs(inputs, options.format, reachingOf(options));
  const outputs = await outputsIn(folder, files, options);
  return transforming(options, {
    verb: 'convert',
    output: folder,
    work: (common) => convertAll(files, outputs, common),
    summary: (results) => results.map(({ output }) => writtenText(output)).join('\n'),
  });
}

async function convertAll(
  files: readonly string[],
  outputs: readonly string[],
  common: Partial<TransformOptions>,
): Promise<Awaited<ReturnType<typeof convertFile>>[]> {
  const results = [];
  for (const [i, file] of files.entries())
    results.push(await convertFile(byteSource(file).source, outputs[i], common));
  return results;
}
