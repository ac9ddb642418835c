import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { abortable } from '../bytes/abortable.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { isRereadable, temporaryFolder } from '../storage/inspect.ts';
import { openFileSink } from '../storage/local/file-output.ts';
import { forgetTemporary, temporaryPath } from '../storage/local/temporary-file.ts';
import { openSource } from '../storage/open-source.ts';
import { nameOf, openInput } from './record-input.ts';
import type { TransformOptions } from './transform-options.ts';

/**
 * Reads a source to count its records, then calls `then` with a source to read again, the number of records and the name. A
 * source that can be read only once is first copied to a temporary file.
 * @param output its folder holds the temporary file, unless `tempDir` is given
 */
export async function countRecords<T>(
  source: ByteSource,
  output: string,
  tempDir: string | undefined,
  options: TransformOptions,
  then: (again: ByteSource, records: number, uri: string | undefined) => Promise<T>,
): Promise<T> {
  const uri = options.read.uri ?? nameOf(source);
  if (canBeReadAgain(source)) return then(source, await count(source, options), uri);
  const folder = tempDir ?? temporaryFolder(output);
  const path = temporaryPath(join(folder, 'recordpipe'));
  try {
    await copy(source, path, options.signal);
    return await then(path, await count(path, { ...options, read: { ...options.read, uri } }), uri);
  } finally {
    await unlink(path).catch(() => {});
    forgetTemporary(path);
  }
}

async function count(source: ByteSource, options: TransformOptions): Promise<number> {
  let records = 0;
  const input = await openInput(source, options);
  for await (const batch of input.batches) records += batch.length;
  return records;
}

function canBeReadAgain(source: ByteSource): boolean {
  if (source instanceof Uint8Array || source instanceof ArrayBuffer || source instanceof Blob) return true;
  return (typeof source === 'string' || source instanceof URL) && isRereadable(source);
}

async function copy(source: ByteSource, path: string, signal: AbortSignal | undefined): Promise<void> {
  const { chunks } = openSource(source, { chunkBytes: 1024 * 1024 });
  const sink = await openFileSink(path, 'wx', {}, path, 0o600);
  try {
    for await (const chunk of abortable(chunks, signal)) await sink.write(chunk);
  } finally {
    await sink.close();
  }
}
