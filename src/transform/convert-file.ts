import { checkPath } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { eachRecord, openInput, progressOf } from './record-input.ts';
import { writeOutput } from './record-output.ts';
import { filterOf, selectedRecords } from './selected-records.ts';
import { keepingLineEnds } from './text-lines.ts';
import {
  SELECTING_NAMES,
  type SelectingOptions,
  type TransformResult,
  transformOptions,
} from './transform-options.ts';

/**
 * Converts a file to a different format or compression. Payloads stay unchanged. Text converted to text
 * keeps its carriage returns unless `cr` is set. The output is replaced atomically: until it is
 * complete, and after any failure, its name refers either to the old file or to no file.
 *
 * @param source a path, `-` for standard input, or any other byte source
 * @param output a path, or `-` for standard output, which receives data as it is produced
 * @throws RecordpipeError any error of reading the source; `unrepresentable`, `record-too-large`
 *   for a record that the output format cannot represent; `already-exists`, `not-found`,
 *   `access-denied`, `io-failure` for the output; `unsupported-source` if the output is the source;
 *   `aborted`
 * @throws UsageError for an invalid option value
 * @example
 * ```ts
 * import { encodeTFRecord } from 'recordpipe';
 * import { convertFile } from 'recordpipe/transform';
 * const { output } = await convertFile([encodeTFRecord(Uint8Array.of(1, 2, 3))], 'numbers.b64', { overwrite: true });
 * console.log(output.records, output.bytes); // 1 5
 * ```
 */
export async function convertFile(
  source: ByteSource,
  output: string,
  given: Partial<SelectingOptions> = {},
): Promise<TransformResult> {
  checkPath('output', output);
  const options = keepingLineEnds(transformOptions('convertFile', given, SELECTING_NAMES), output);
  const filter = await filterOf(given);
  const input = await openInput(source, { ...options, filter });
  const result = await writeOutput(input, [source], output, options, (writer) =>
    eachRecord(input, (payload) => writer.write(payload), progressOf(input, options)),
  );
  return { ...result, ...selectedRecords(filter, given) };
}
