import { checkPath } from '../bytes/arguments.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { RecordpipeError } from '../errors.ts';
import type { Compression } from '../formats/compression.ts';
import { openWriter, type RecordWriter, type WrittenFile } from '../records/write/record-writer.ts';
import { type AnyRecordWriteOptions, writeFormat } from '../records/write/writers.ts';
import { identityOf } from '../storage/inspect.ts';
import { addressOf } from '../storage/registry.ts';
import { base64Writing } from './base64-lines.ts';
import { type FileFormat, kindOfName } from './file-formats.ts';
import type { TransformOptions } from './transform-options.ts';

/**
 * Fails where the output is one of the sources, also under another name, by a link or through a redirection: it would be read while it is written.
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

/** What errors and reports call a source. */
export function nameOf(source: ByteSource): string | undefined {
  if (source === '-' || source === process.stdin) return '<stdin>';
  if (typeof source === 'string') return source;
  return source instanceof URL ? addressOf(source) : undefined;
}

/** How the output is written: the writers' options, without those that a transformation decides itself. */
export type OutputOptions = Partial<
  Omit<AnyRecordWriteOptions, 'append' | 'atomic' | 'overwrite' | 'signal'>
>;

/** What kind of file is written. */
export interface OutputKind {
  readonly format: FileFormat;
  readonly compression: Compression;
}

/** The kind of an output: as told, else as its name says, else the format that is read. */
export function outputKind(path: string, { to, write }: TransformOptions, from: FileFormat): OutputKind {
  checkPath('output', path);
  const named = path === '-' ? undefined : kindOfName(path);
  return {
    format: to ?? named?.format ?? from,
    compression: write.compression ?? named?.compression ?? 'none',
  };
}

/** How an output is opened. */
export type Opening = Pick<TransformOptions, 'read' | 'write' | 'overwrite' | 'signal'>;

/**
 * Opens a file of any kind for writing.
 * @param renamed whether it will get another name than this
 */
export function openOutput(
  path: string,
  { format, compression }: OutputKind,
  { write, read, overwrite, signal }: Opening,
  renamed = false,
): Promise<RecordWriter> {
  // Where nothing else is said, what is read and what is written are reached in the same way.
  const options = { objects: read.objects, ...write, compression, overwrite, signal };
  return format === 'jsonl' || format === 'base64'
    ? openWriter(base64Writing(format), path, options, renamed)
    : openWriter(writeFormat(format), path, options, renamed);
}

/**
 * Writes one file: whole, or not at all.
 * @param fill writes the records
 * @throws RecordpipeError as `openRecordWriter`; `unsupported-source` where the output is one of the sources; whatever `fill` throws
 */
export async function writeOutput(
  sources: readonly ByteSource[],
  path: string,
  kind: OutputKind,
  options: TransformOptions,
  fill: (writer: RecordWriter) => Promise<void>,
): Promise<WrittenFile> {
  refuseSameFile(sources, path);
  const writer = await openOutput(path, kind, options);
  try {
    await fill(writer);
    return await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
