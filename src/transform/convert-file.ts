import { checkPath } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { eachRecord, openInput, progressOf } from './record-input.ts';
import { writeOutput } from './record-output.ts';
import { keepingLineEnds } from './text-lines.ts';
import { type TransformOptions, type TransformResult, transformOptions } from './transform-options.ts';

/**
 * Writes the records of one file to a file of another format or compression. Every payload stays as
 * it is, byte for byte. Text that stays text keeps its carriage returns, unless `cr` is given. The
 * output appears under its name when it is complete; until then, and after any failure, no file of
 * that name exists, or the older file does.
 *
 * @param source a path, `-` for standard input, or any other source of bytes
 * @param output a path, or `-` for standard output, which gets the bytes as they come
 * @throws RecordpipeError what reading the source throws; `unrepresentable`, `record-too-large` for
 *   a record that the output's format cannot hold; `already-exists`, `not-found`, `access-denied`,
 *   `io-failure` for the output; `unsupported-source` if it is the source; `aborted`
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
  return writeOutput(input, [source], output, options, (writer) =>
    eachRecord(input, (payload) => writer.write(payload), progressOf(input, options)),
  );
}
