import type { OptionNames } from '../bytes/arguments.ts';
import { checkPath } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { UsageError } from '../errors.ts';
import { temporaryFolder } from '../storage/inspect.ts';
import type { TransformResult } from './convert-file.ts';
import { KeySorter } from './key-sorter.ts';
import { checkSeed, SplitMix64 } from './keyed-records.ts';
import { closeInput, eachRecord, endOf, openInput } from './record-input.ts';
import { outputKind, writeOutput } from './record-output.ts';
import { preservingLines, writingOptions } from './text-lines.ts';
import { type TransformOptions, transformOptions } from './transform-options.ts';

/** Options of {@link shuffleFile}. Every field has a default; pass what differs. */
export interface ShuffleOptions extends TransformOptions {
  /** A whole number from 0 to 2^53 - 1, which determines the order. Default 0. */
  readonly seed: number;
  /**
   * Memory for records, their index (24 bytes each) and buffers, 1 MiB or more. Default 256 MiB. What the host itself needs, about 60 MiB, comes on top, and
   * so does a single record that is larger.
   */
  readonly memoryBytes: number;
  /**
   * Folder for temporary files, which take as much room as the records and 12 bytes for each, where they do not fit into the memory. Default: the
   * output's folder; the host's for standard output.
   */
  readonly tempDir: string | undefined;
}

const NAMES: OptionNames<Omit<ShuffleOptions, keyof TransformOptions>> = {
  seed: true,
  memoryBytes: true,
  tempDir: true,
};

/** What was shuffled. */
export interface ShuffleResult extends TransformResult {
  readonly seed: number;
}

const DEFAULT_MEMORY_BYTES = 256 * 1024 * 1024;
const MIN_MEMORY_BYTES = 1024 * 1024;

/**
 * Writes the records of a file in random order, over the whole file. The order is that of the numbers which SplitMix64 draws from the seed, one for each
 * record as it is read: it depends on the seed and the number of records and on nothing else, and is the same on every machine.
 *
 * The source is read once, front to back, so that it may be a pipe; what does not fit into `memoryBytes` waits in temporary files, also written and read
 * front to back, which are removed whatever happens.
 *
 * @param source a path, `-` for standard input, or any other source of bytes
 * @param output a path, or `-` for standard output
 * @throws as `convertFile`; `io-failure` also where the temporary files find no room
 * @throws UsageError for an option value that no option has
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { shuffleFile } from 'recordpipe/transform';
 * const numbers = [1, 2, 3, 4, 5].map((n) => encodeTFRecord(Uint8Array.of(n)));
 * const { output } = await shuffleFile(numbers, 'shuffled.jsonl', { seed: 7, overwrite: true });
 * console.log(output.records); // 5
 * ```
 */
export function shuffleFile(
  source: ByteSource,
  output: string,
  given: Partial<ShuffleOptions> = {},
): Promise<ShuffleResult> {
  return shuffleFiles([source], output, given);
}

/**
 * Writes the records of several files in random order into one, as {@link shuffleFile} does with those of one: the order
 * is that of a shuffled `mergeFiles` of the sources.
 *
 * @param sources one or more, each as for `convertFile`
 * @throws as {@link shuffleFile}
 * @throws UsageError for no source
 * @example
 * ```ts
 *  * import { shuffleFiles } from 'recordpipe/transform';
 * const files = [1, 2].map((n) => encodeTFRecord(Uint8Array.of(n)));
 * const { output } = await shuffleFiles(files, 'both.tfrecord', { seed: 7, overwrite: true });
 * console.log(output.records); // 2
 * ```
 */
export async function shuffleFiles(
  sources: readonly ByteSource[],
  output: string,
  given: Partial<ShuffleOptions> = {},
): Promise<ShuffleResult> {
  checkPath('output', output);
  if (!Array.isArray(sources) || sources.length === 0)
    throw new UsageError('shuffleFiles: expected one source or more');
  const options = preservingLines(sources, output, transformOptions('shuffleFile', given, NAMES));
  const { seed = 0, memoryBytes = DEFAULT_MEMORY_BYTES, tempDir } = given;
  checkSeed(seed);
  if (!(memoryBytes >= MIN_MEMORY_BYTES))
    throw new UsageError(`memoryBytes: expected a number from ${MIN_MEMORY_BYTES} on, got ${memoryBytes}`);
  // Readers and writers have several such buffers.
  const bufferBytes = Math.min(Math.max(Math.floor(memoryBytes / 64), 64 * 1024), 1024 * 1024);
  const folder = tempDir ?? temporaryFolder(output);
  const reading = { ...options, chunkBytes: bufferBytes };
  const first = await openInput(sources[0], reading);
  const totalBytes = sources.length === 1 ? first.totalBytes : undefined;
  const sorter = new KeySorter({ memoryBytes, folder, totalBytes });
  let input = first;
  try {
    const kind = outputKind(output, options, first.format);
    const outgoing = writingOptions(options, first.format);
    const writing = { ...outgoing, write: { bufferBytes, ...outgoing.write } };
    const written = await writeOutput(sources, output, kind, writing, async (writer) => {
      const progress = shuffleProgress(totalBytes, options);
      const keys = new SplitMix64(seed);
      const add = (payload: Uint8Array): Promise<void> | undefined => {
        keys.next();
        return sorter.add(keys.hi, keys.lo, payload);
      };
      let before = 0;
      for (const [i, source] of sources.entries()) {
        if (i > 0) input = await openInput(source, reading);
        let bytes = 0;
        await eachRecord(input, add, (batch) => {
          bytes = endOf(batch);
          progress.read(before + bytes);
        });
        before += bytes;
        await closeInput(input);
      }
      await sorter.emit((payload) => {
        const taken = writer.write(payload);
        if (taken !== undefined) progress.written(writer.records, writer.frameBytes);
        return taken;
      });
    });
    const { format, compression } = kind;
    return { from: first.format, to: format, compression, output: written, seed };
  } finally {
    await sorter.close();
    await closeInput(input);
  }
}

/** Reading is one half of the work, writing the other. */
function shuffleProgress(
  total: number | undefined,
  { onProgress }: TransformOptions,
): { read(bytes: number): void; written(records: number, bytes: number): void } {
  let read = 0;
  const totalBytes = total === undefined ? undefined : 2 * total;
  return {
    read: (bytes) => {
      read = bytes;
      onProgress?.({ records: 0, bytes, totalBytes });
    },
    written: (records, bytes) => onProgress?.({ records, bytes: read + bytes, totalBytes }),
  };
}
