import { checkPath } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { UsageError } from '../errors.ts';
import type { RecordWriter } from '../records/write/record-writer.ts';
import type { TransformResult } from './convert-file.ts';
import { closeInput, eachRecord, endOf, openInput, type RecordInput } from './record-input.ts';
import { outputKind, writeOutput } from './record-output.ts';
import { preservingLines, writingOptions } from './text-lines.ts';
import { type TransformOptions, transformOptions } from './transform-options.ts';

/** What was merged. */
export interface MergeResult extends TransformResult {
  /** Records of each source, in their order. */
  readonly records: readonly number[];
}

/**
 * Writes the records of several files, one after the other as given, into one. The sources may be of different formats and compressions.
 *
 * @param sources one or more, each as for `convertFile`
 * @param output a path, or `-` for standard output
 * @throws as `convertFile`
 * @throws UsageError for no source, or an unknown option value
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
  const options = preservingLines(sources, output, transformOptions('mergeFiles', given));
  if (sources.length === 0) throw new UsageError('mergeFiles: expected one source or more');
  const first = await openInput(sources[0], options);
  try {
    const kind = outputKind(output, options, first.format);
    const others = { ...options, read: transformOptions('mergeFiles', given).read };
    const records: number[] = [];
    const written = await writeOutput(
      sources,
      output,
      kind,
      writingOptions(options, first.format),
      async (writer) => {
        let before = 0;
        for (const [i, source] of sources.entries()) {
          const input =
            i === 0 ? first : await openInput(source, kind.format !== 'textline' ? others : options);
          before += await append(input, writer, before, options);
          records.push(writer.records - records.reduce((sum, count) => sum + count, 0));
        }
      },
    );
    const { format, compression } = kind;
    return { from: first.format, to: format, compression, output: written, records };
  } finally {
    await closeInput(first);
  }
}

/** Writes the records of one source; its bytes. */
async function append(
  input: RecordInput,
  writer: RecordWriter,
  before: number,
  { onProgress }: TransformOptions,
): Promise<number> {
  let bytes = 0;
  try {
    await eachRecord(
      input,
      (payload) => writer.write(payload),
      (batch) => {
        bytes = endOf(batch);
        onProgress?.({ records: writer.records, bytes: before + bytes, totalBytes: undefined });
      },
    );
  } finally {
    await closeInput(input);
  }
  return bytes;
}
