import { checkPath } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { UsageError } from '../errors.ts';
import { readSources } from './read-sources.ts';
import { named, openInput } from './record-input.ts';
import { writeOutput } from './record-output.ts';
import { keepingLineEnds } from './text-lines.ts';
import { type TransformOptions, type TransformResult, transformOptions } from './transform-options.ts';

/** Result of a merge. */
export interface MergeResult extends TransformResult {
  /** Number of records of each source, in source order. */
  readonly records: readonly number[];
}

/**
 * Concatenates the records of several files in the given order. The sources may differ in format
 * and compression.
 *
 * @param sources one or more, each as in `convertFile`
 * @param output a path, or `-` for standard output
 * @throws the same errors as `convertFile`
 * @throws UsageError if there are no sources, or for an invalid option value
 * @example
 * ```ts
 * import { encodeRecordIO, encodeTFRecord } from 'recordpipe';
 * import { mergeFiles } from 'recordpipe/transform';
 * const sources = [encodeTFRecord(Uint8Array.of(1)), encodeRecordIO(Uint8Array.of(2, 3))];
 * const { output, records } = await mergeFiles(sources, 'all.tfrecord', { overwrite: true });
 * console.log(output.records, records); // 2 [ 1, 1 ]
 * ```
 */
export async function mergeFiles(
  sources: readonly ByteSource[],
  output: string,
  given: Partial<TransformOptions> = {},
): Promise<MergeResult> {
  checkPath('output', output);
  const complete = transformOptions('mergeFiles', given);
  const options = keepingLineEnds(complete, output);
  if (sources.length === 0) throw new UsageError('mergeFiles: expected at least one source');
  const first = await openInput(sources[0], options);
  let records: number[] = [];
  const result = await writeOutput(first, sources, output, options, async (writer, { format }) => {
    const others = format === 'textline' ? options : { ...options, read: complete.read };
    records = await readSources(first, sources.map(named), others, (payload) => writer.write(payload));
  });
  return { ...result, records };
}
