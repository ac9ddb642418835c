import { command, type Register } from '../command.ts';
import { expanded, INPUT, inputSelection, sourceOf } from '../options/inputs.ts';
import { atLeast, parsed, size, type Values, value } from '../options/option.ts';
import { OUTPUT, TEXT_NOTES, transformOptions } from '../options/transform.ts';
import { transforming, writtenText } from '../transforming.ts';

const OPTIONS = {
  seed: parsed('--seed <n>', 'random seed; the same seed gives the same result', atLeast(0), 0),
  memory: parsed(
    '--memory <size>',
    'memory limit for records and their index, e.g. 1GiB (default: 256 MiB)',
    size,
  ),
  tempDir: value('--temp-dir <dir>', 'directory for temporary files (default: the output directory)'),
  ...transformOptions,
  ...inputSelection,
};

export const register: Register = command({
  name: 'shuffle',
  description: 'Shuffle the records in a file, or in all files in a directory, using bounded memory.',
  arguments: { '<input>': INPUT, '<output>': OUTPUT },
  options: OPTIONS,
  examples: `
recordpipe shuffle train.tfrecord shuffled.tfrecord --seed 1
recordpipe shuffle big.rec shuffled.rec --memory 2GiB --temp-dir /scratch
recordpipe shuffle train/ shuffled.tfrecord`,
  notes: `shuffle sorts the records by SplitMix64 numbers generated from the seed, so the order depends only on the seed and the number of records, not on --memory or the machine. If the data does not fit in memory, shuffle needs temporary disk space equal to the total size of the records.

${TEXT_NOTES}`,
  action: shuffle,
});

async function shuffle(input: string, output: string, options: Values<typeof OPTIONS>): Promise<number> {
  const { seed, memory, tempDir } = options;
  const { shuffleFiles } = await import('recordpipe/transform');
  const sources = (await expanded(input, options)).map((file) => sourceOf(file).source);
  return transforming(options, {
    verb: 'shuffle',
    input,
    output,
    work: (common) =>
      shuffleFiles(sources, output, {
        ...common,
        seed,
        tempDir,
        ...(memory !== undefined && { memoryBytes: memory }),
      }),
    summary: (result) => `${writtenText(result.output)}, shuffled with seed ${result.seed}`,
  });
}
