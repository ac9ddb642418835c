import { checkPath } from '../bytes/path-argument.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { type AnyRecordWriteOptions, writeFormat } from '../files/open-record-writer.ts';
import { openWriter, type RecordWriter, type WrittenFile } from '../files/record-writer.ts';
import type { Compression } from '../records/read-options.ts';
import { base64Writing } from './base64-lines.ts';
import { type FileFormat, kindOfName } from './file-formats.ts';
import { refuseSameFile } from './same-file.ts';
import type { TransformOptions } from './transform-options.ts';

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
  await refuseSameFile(sources, path);
  const writer = await openOutput(path, kind, options);
  try {
    await fill(writer);
    return await writer.close();
  } catch (error) {
    await writer.abort();
    throw error;
  }
}
