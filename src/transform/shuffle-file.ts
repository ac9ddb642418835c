import { checkPath, type OptionNames } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { UsageError } from '../errors.ts';
import { temporaryFolder } from '../storage/inspect.ts';
import { KeySorter } from './key-sorter.ts';
import { checkSeed, SplitMix64 } from './random-keys.ts';
import { closeInput, eachRecord, endOf, openInput } from './record-input.ts';
import { writeOutput } from './record-output.ts';
import { keepingLineEnds } from './text-lines.ts';
import { type TransformOptions, type TransformResult, transformOptions } from './transform-options.ts';

/** Options of {@link shuffleFile}. Every field has a default. */
export interface ShuffleOptions extends TransformOptions {
  /** Integer from 0 to 2^53 - 1 that determines the order. Default 0. */
  readonly seed: number;
  /**
   * Memory limit, in bytes, for records, their index (24 bytes each) and buffers; at least 1 MiB.
   * Default 256 MiB. The limit excludes Node's own memory, about 60 MiB, and a single record that
   * is larger than the limit.
   */
  readonly memoryBytes: number;
  /**
   * Folder for temporary files. If the records do not fit in memory, these files take up the size
   * of the records plus 12 bytes per record. Default: the folder of the output; for standard
   * output, the system's temporary folder.
   */
  readonly tempDir: string | undefined;
}

const NAMES: OptionNames<Omit<ShuffleOptions, keyof TransformOptions>> = {
  seed: true,
  memoryBytes: true,
  tempDir: true,
};

/** Result of {@link shuffleFile} and {@link shuffleFiles}. */
export interface ShuffleResult extends TransformResult {
  /** Seed of the random order. Use the same seed to reproduce the run. */
  readonly seed: number;
}

const DEFAULT_MEMORY_BYTES = 256 * 1024 * 1024;
const MIN_MEMORY_BYTES = 1024 * 1024;

/**
 * Shuffles all records of a file. SplitMix64 generates a number from the seed for each record as it
 * is read, and the records are sorted by these numbers. The order depends only on the seed and the
 * number of records, and is the same on every machine.
 *
 * The source is read once, sequentially, and may be a pipe. Data that exceeds `memoryBytes` is
 * written to temporary files, which are also written and read sequentially, and are always removed.
 *
 * @param source a path, `-` for standard input, or any other byte source
 * @param output a path, or `-` for standard output
 * @throws the same errors as `convertFile`; `io-failure` also if there is no space for the
 *   temporary files
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { shuffleFile } from 'recordpipe/transform';
 * const numbers = [1, 2, 3, 4, 5].map((n) => encodeTFRecord(Uint8Array.of(n)));
 * const { output } = await shuffleFile(numbers, 'shuffled.b64', { seed: 7, overwrite: true });
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
 * Shuffles the records of several files into one. The result equals that of {@link shuffleFile} for
 * the output of `mergeFiles`.
 *
 * @param sources one or more, each as in `convertFile`
 * @throws the same errors as {@link shuffleFile}
 * @throws UsageError if there are no sources
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { shuffleFiles } from 'recordpipe/transform';
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
    throw new UsageError('shuffleFiles: expected at least one source');
  const options = keepingLineEnds(transformOptions('shuffleFile', given, NAMES), output);
  const { seed = 0, memoryBytes = DEFAULT_MEMORY_BYTES, tempDir } = given;
  checkSeed(seed);
  if (!(memoryBytes >= MIN_MEMORY_BYTES))
    throw new UsageError(`memoryBytes: expected a number >= ${MIN_MEMORY_BYTES}, got ${memoryBytes}`);
  // Readers and writers each use several buffers of this size.
  const bufferBytes = Math.min(Math.max(Math.floor(memoryBytes / 64), 64 * 1024), 1024 * 1024);
  const folder = tempDir ?? temporaryFolder(output);
  const reading = { ...options, chunkBytes: bufferBytes };
  const writing = { ...options, write: { bufferBytes, ...options.write } };
  const first = await openInput(sources[0], reading);
  const totalBytes = sources.length === 1 ? first.totalBytes : undefined;
  const sorter = new KeySorter({ memoryBytes, folder, totalBytes });
  try {
    const result = await writeOutput(first, sources, output, writing, async (writer) => {
      const progress = shuffleProgress(totalBytes, options);
      const keys = new SplitMix64(seed);
      const add = (payload: Uint8Array): Promise<void> | undefined => {
        keys.next();
        return sorter.add(keys.hi, keys.lo, payload);
      };
      let before = 0;
      for (const [i, source] of sources.entries()) {
        const input = i === 0 ? first : await openInput(source, reading);
        let bytes = 0;
        try {
          await eachRecord(input, add, (batch) => {
            bytes = endOf(batch);
            progress.read(before + bytes);
          });
        } finally {
          await closeInput(input);
        }
        before += bytes;
      }
      await sorter.emit((payload) => {
        const pending = writer.write(payload);
        if (pending !== undefined) progress.written(writer.records, writer.frameBytes);
        return pending;
      });
    });
    return { ...result, seed };
  } finally {
    await sorter.close();
  }
}

/** Reports progress. Reading is the first half of the work, and writing is the second. */
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
