import { expandInputs } from 'recordpipe/check';
import { shuffleFiles } from 'recordpipe/transform';
import { type InputCommandOptions, inputOptionsOf } from '../input-options.ts';
import { reachingOf } from '../reaching.ts';
import { byteSource } from '../source.ts';
import type { TransformCommandOptions } from '../transform-options.ts';
import { transforming, writtenText } from '../transform-run.ts';

/** Options of `recordpipe shuffle`. */
export interface ShuffleCommandOptions extends TransformCommandOptions, InputCommandOptions {
  readonly seed: number;
  readonly memory?: number;
  readonly tempDir?: string;
}

/** Writes the records of a file, or of all files of a folder or pattern, in random order; the exit code. */
export async function shuffle(
  input: string,
  output: string,
  options: ShuffleCommandOptions,
): Promise<number> {
  const { seed, memory, tempDir } = options;
  const how = { ...reachingOf(options), ...inputOptionsOf(options, options.quiet) };
  const files = await expandInputs(input, options.format, how);
  return transforming(options, {
    verb: 'shuffle',
    input,
    output,
    work: (common) =>
      shuffleFiles(
        files.map((file) => byteSource(file).source),
        output,
        {
          ...common,
          seed,
          tempDir,
          ...(memory !== undefined && { memoryBytes: memory }),
        },
      ),
    summary: (result) => `${writtenText(result.output)}, shuffled with seed ${result.seed}`,
  });
}
