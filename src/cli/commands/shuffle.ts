import { shuffleFile } from 'recordpipe/transform';
import { byteSource } from '../source.ts';
import type { TransformCommandOptions } from '../transform-options.ts';
import { transforming, writtenText } from '../transform-run.ts';

/** Options of `recordpipe shuffle`. */
export interface ShuffleCommandOptions extends TransformCommandOptions {
  readonly seed: number;
  readonly memory?: number;
  readonly tempDir?: string;
}

/** Writes the records of a file in random order; the exit code. */
export async function shuffle(
  input: string,
  output: string,
  options: ShuffleCommandOptions,
): Promise<number> {
  const { seed, memory, tempDir } = options;
  return transforming(options, {
    verb: 'shuffle',
    input,
    output,
    work: (common) =>
      shuffleFile(byteSource(input).source, output, {
        ...common,
        seed,
        tempDir,
        ...(memory !== undefined && { memoryBytes: memory }),
      }),
    summary: (result) => `${writtenText(result.output)}, shuffled with seed ${result.seed}`,
  });
}
