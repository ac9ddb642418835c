import { checkPath } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import type { Compression } from '../formats/compression.ts';
import type { WrittenFile } from '../records/write/record-writer.ts';
import type { FileFormat } from './file-formats.ts';
import { closeInput, eachRecord, openInput, progressOf } from './record-input.ts';
import { outputKind, writeOutput } from './record-output.ts';
import { keepingLineEnds, writingOptions } from './text-lines.ts';
import { type TransformOptions, transformOptions } from './transform-options.ts';

/** What was read and written. */
export interface TransformResult {
  /** Format of the (first) source. */
  readonly from: FileFormat;
  /** Format of the output. */
  readonly to: FileFormat;
  /** Compression of the output. */
  readonly compression: Compression;
  readonly output: WrittenFile;
}

/**
 * Writes the records of one file into a file of another format or compression, every byte of every payload as it is; a text that stays a text keeps its carriage returns,
 * unless `cr` is given. The output appears under its
 * name when it is whole; until then, and after any failure, there is nothing of that name, or the older file.
 *
 * @param source a path, `-` for standard input, or any other source of bytes
 * @param output a path, or `-` for standard output, which gets the bytes as they come
 * @throws RecordpipeError what reading the source throws; `unrepresentable`, `record-too-large` for a record that the output's format cannot hold;
 * `already-exists`, `not-found`, `access-denied`, `io-failure` for the output; `unsupported-source` where it is the source; `aborted`
 * @throws UsageError for an unknown option value
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { convertFile } from 'recordpipe/transform';
 * const { output } = await convertFile([encodeTFRecord(Uint8Array.of(1, 2, 3))], 'numbers.jsonl', { overwrite: true });
 * console.log(output.records, output.bytes); // 1 16
 * ```
 */
export async function convertFile(
  source: ByteSource,
  output: string,
  given: Partial<TransformOptions> = {},
): Promise<TransformResult> {
  checkPath('output', output);
  const options = keepingLineEnds(transformOptions('convertFile', given), output);
  const input = await openInput(source, options);
  try {
    const kind = outputKind(output, options, input.format);
    const written = await writeOutput(
      [source],
      output,
      kind,
      writingOptions(options, input.format),
      (writer) => eachRecord(input, (payload) => writer.write(payload), progressOf(input, options)),
    );
    return { from: input.format, to: kind.format, compression: kind.compression, output: written };
  } finally {
    await closeInput(input);
  }
}
