import { expandInputs } from 'recordpipe/check';
import { UsageError } from 'recordpipe/errors';
import { convertFile, kindOfName } from 'recordpipe/transform';
import { outputsIn } from '../convert-outputs.ts';
import { eachFile } from '../each-file.ts';
import { OK } from '../exit-codes.ts';
import { type InputCommandOptions, inputOptionsOf } from '../input-options.ts';
import { reachingOf } from '../reaching.ts';
import { isSharded, noInputs, type ShardCommandOptions } from '../shard-options.ts';
import { byteSource } from '../source.ts';
import { formatNumberOf } from '../text/sizes.ts';
import type { TransformCommandOptions } from '../transform-options.ts';
import { transforming, writtenText } from '../transform-run.ts';

/** Options of `recordpipe convert`. */
export interface ConvertCommandOptions
  extends TransformCommandOptions,
    ShardCommandOptions,
    InputCommandOptions {
  readonly outputDir?: string;
  readonly keepGoing?: true;
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
  if (options.keepGoing) throw new UsageError('--keep-going: expected --output-dir with it');
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
  const how = { ...reachingOf(options), ...inputOptionsOf(options, options.quiet) };
  const files = await expandInputs(inputs, options.format, how);
  const outputs = await outputsIn(folder, files, options);
  let exitCode = OK;
  return transforming(options, {
    verb: 'convert',
    output: folder,
    work: async (common) => {
      const done = await eachFile(files, options.keepGoing === true, (file, i) =>
        convertFile(byteSource(file).source, outputs[i], common),
      );
      exitCode = done.exitCode;
      return done.results;
    },
    summary: (results) => {
      const lines = results.map(({ output }) => writtenText(output));
      const failed = files.length - results.length;
      if (failed > 0) lines.push(`${formatNumberOf(failed, 'file')} of ${files.length} not converted`);
      return lines.join('\n');
    },
    exitCode: () => exitCode,
  });
}
