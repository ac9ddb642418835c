import { unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { abortable } from '../bytes/abortable.ts';
import type { ByteSource } from '../bytes/sources.ts';
import { RecordpipeError } from '../errors.ts';
import { isRereadable, temporaryFolder } from '../storage/inspect.ts';
import { openFileSink } from '../storage/local/file-output.ts';
import { forgetTemporary, temporaryPath } from '../storage/local/temporary-file.ts';
import { openSource } from '../storage/open-source.ts';
import { type NamedSource, named, nameOf } from './record-input.ts';

/** Where copies of pipes are stored. */
interface Spool {
  /** Path that determines the folder of the copies, unless `tempDir` is set. */
  readonly output: string;
  readonly tempDir: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * Calls `work` with sources that can be read several times. A source that can be read only once is
 * copied to a temporary file first.
 */
export async function withRereadable<T>(
  sources: readonly ByteSource[],
  { output, tempDir, signal }: Spool,
  work: (again: readonly NamedSource[]) => Promise<T>,
): Promise<T> {
  const copies: string[] = [];
  try {
    const again: NamedSource[] = [];
    for (const source of sources) {
      if (canBeReadAgain(source)) {
        again.push(named(source));
        continue;
      }
      const path = temporaryPath(join(tempDir ?? temporaryFolder(output), 'recordpipe'));
      copies.push(path);
      await copy(source, path, signal);
      again.push({ source: path, uri: nameOf(source) });
    }
    return await work(again);
  } finally {
    for (const path of copies) {
      await unlink(path).catch(() => {});
      forgetTemporary(path);
    }
  }
}

/** Returns the error for a source whose records changed between two readings. */
export function sourceChanged(before: number, now: number, uri: string | undefined): RecordpipeError {
  const text = `the source changed: it had ${before} records when counted and ${now} when split`;
  return new RecordpipeError('source-changed', text, { uri });
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
