import { randomUUID } from 'node:crypto';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError } from '../bytes/file-errors.ts';
import { isObjectUri } from '../bytes/object-uri.ts';
import type { ObjectOptions } from '../objects/object-options.ts';

/** Where text is written to: it appears under its name when it is whole. */
export interface TextTarget {
  write(text: string): Promise<void>;
  close(): Promise<void>;
  /** Leaves nothing behind. */
  abort(): Promise<void>;
}

/** How a manifest is written. */
export interface TextTargetOptions {
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Opens a file or an object for writing. @param target a path or an `s3://` address */
export async function openTextTarget(
  target: string,
  contentType: string,
  { objects, signal }: TextTargetOptions,
): Promise<TextTarget> {
  if (!isObjectUri(target)) return fileTarget(target);
  // Imported when wanted: what S3 needs takes a while.
  const { openObjectWriter } = await import('../objects/upload/object-writer.ts');
  const writer = await openObjectWriter(target, { ...objects, contentType, signal });
  return {
    write: (text) => writer.write(Buffer.from(text)),
    close: async () => {
      await writer.close();
    },
    abort: () => writer.abort(),
  };
}

/** Text is gathered up to this size. */
const GATHER_CHARACTERS = 64 * 1024;

async function fileTarget(path: string): Promise<TextTarget> {
  const unnamed = join(dirname(path), `.${basename(path).slice(0, 50)}.${randomUUID().slice(0, 8)}.tmp`);
  let file: FileHandle;
  try {
    file = await open(unnamed, 'wx');
  } catch (error) {
    throw fileError(error, path);
  }
  let gathered = '';
  const flush = async (): Promise<void> => {
    const text = gathered;
    gathered = '';
    await file.appendFile(text);
  };
  return {
    async write(text) {
      gathered += text;
      if (gathered.length >= GATHER_CHARACTERS) await flush();
    },
    async close() {
      try {
        await flush();
        await file.close();
        await rename(unnamed, path);
      } catch (error) {
        throw fileError(error, path);
      }
    },
    async abort() {
      await file.close().catch(() => {});
      await rm(unnamed, { force: true });
    },
  };
}
