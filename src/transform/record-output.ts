import type { ByteSource } from '../bytes/sources.ts';
import { RecordpipeError } from '../errors.ts';
import type { Compression } from '../formats/codec-options.ts';
import { openWriter, type RecordWriter } from '../records/write/record-writer.ts';
import { writeFormat } from '../records/write/writers.ts';
import { identityOf } from '../storage/inspect.ts';
import { BASE64_WRITING } from './base64-lines.ts';
import { type FileFormat, kindOfName } from './file-formats.ts';
import { closeInput, nameOf, type RecordInput } from './record-input.ts';
import { writingOptions } from './text-lines.ts';
import type { TransformOptions, TransformResult } from './transform-options.ts';

/**
 * Writes the records of an input to one output atomically, and closes the input.
 * @param sources the sources of the transformation; the output must not be one of them
 * @param fill writes the records
 * @throws RecordpipeError the same errors as `openRecordWriter`; `unsupported-source` if the output
 *   is one of the sources; any error of `fill`
 */
export async function writeOutput(
  input: RecordInput,
  sources: readonly ByteSource[],
  path: string,
  given: TransformOptions,
  fill: (writer: RecordWriter, kind: OutputKind) => Promise<void>,
): Promise<TransformResult> {
  try {
    const { format: from } = input;
    const kind = outputKind(path, given, from);
    refuseSameFile(sources, path);
    const writer = await openOutput(path, kind, writingOptions(given, from));
    try {
      await fill(writer, kind);
      return { from, to: kind.format, compression: kind.compression, output: await writer.close() };
    } catch (error) {
      await writer.abort();
      throw error;
    }
  } finally {
    await closeInput(input);
  }
}

/** Format and compression of an output. */
export interface OutputKind {
  readonly format: FileFormat;
  readonly compression: Compression;
}

/**
 * Returns the kind of an output. The format is that of the options, of the output's name or of the
 * source, in this order.
 */
export function outputKind(path: string, { to, write }: TransformOptions, from: FileFormat): OutputKind {
  const named = path === '-' ? undefined : kindOfName(path);
  return {
    format: to ?? named?.format ?? from,
    compression: write.compression ?? named?.compression ?? 'none',
  };
}

/** Options for opening an output. */
export type Opening = Pick<TransformOptions, 'read' | 'write' | 'overwrite' | 'signal'>;

/**
 * Opens an output for writing.
 * @param renamed whether the file is renamed once it is complete
 */
export function openOutput(
  path: string,
  { format, compression }: OutputKind,
  { write, read, overwrite, signal }: Opening,
  renamed = false,
): Promise<RecordWriter> {
  // By default, outputs use the access options of sources.
  const options = { objects: read.objects, ...write, compression, overwrite, signal };
  return openWriter(format === 'base64' ? BASE64_WRITING : writeFormat(format), path, options, renamed);
}

/**
 * Throws an error if the output is one of the sources, even through a link or redirection: the
 * transformation would overwrite its own input.
 *
 * @param output a path, or `-`
 * @throws RecordpipeError `unsupported-source`
 */
export function refuseSameFile(sources: readonly ByteSource[], output: string): void {
  const target = identityOf(output === '-' ? 1 : output);
  if (target === undefined) return;
  for (const source of sources) {
    const file = source === '-' || source === process.stdin ? 0 : source;
    if (typeof file !== 'string' && typeof file !== 'number' && !(file instanceof URL)) continue;
    if (identityOf(file) !== target) continue;
    const text = `the output is the same file as the source ${nameOf(source)}; choose another name`;
    throw new RecordpipeError('unsupported-source', text, { uri: output === '-' ? '<stdout>' : output });
  }
}
