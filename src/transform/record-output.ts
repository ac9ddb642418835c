import type { ByteSource } from '../bytes/sources.ts';
import { type AnyRecordWriteOptions, openRecordWriter } from '../files/open-record-writer.ts';
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
  const named = path === '-' ? undefined : kindOfName(path);
  return {
    format: to ?? named?.format ?? from,
    compression: write.compression ?? named?.compression ?? 'none',
  };
}

/** Opens a file of any kind for writing. */
export function openOutput(
  path: string,
  { format, compression }: OutputKind,
  { write, overwrite, signal }: Pick<TransformOptions, 'write' | 'overwrite' | 'signal'>,
): Promise<RecordWriter> {
  const options = { ...write, compression, overwrite, signal };
  return format === 'jsonl' || format === 'base64'
    ? openWriter(base64Writing(format), path, options)
    : openRecordWriter(path, { ...options, format });
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
