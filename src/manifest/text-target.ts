import { type FileHandle, open } from 'node:fs/promises';
import { fileError } from '../bytes/file-errors.ts';
import { isObjectUri } from '../bytes/object-uri.ts';
import { checkOutput, newFile } from '../objects/local/new-file.ts';
import type { ObjectOptions } from '../objects/object-options.ts';

/** Where text is written to: it appears under its name when it is whole. */
export interface TextTarget {
  write(text: string): Promise<void>;
  close(): Promise<void>;
  /** Removes what was written. */
  abort(): Promise<void>;
}

/** How a manifest is written. */
export interface TextTargetOptions {
  /** Whether an existing file or object of this name is replaced. Default false: it is an `already-exists` error. */
  readonly overwrite: boolean;
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly signal: AbortSignal | undefined;
}

/** Opens a file or an object for writing. @param target a path or an `s3://` address */
export async function openTextTarget(
  target: string,
  contentType: string,
  { overwrite = false, objects, signal }: Partial<TextTargetOptions>,
): Promise<TextTarget> {
  if (!isObjectUri(target)) return fileTarget(target, overwrite);
  // Imported when wanted: what S3 needs takes a while.
  const { openObjectWriter } = await import('../objects/upload/object-writer.ts');
  const writer = await openObjectWriter(target, { ...objects, overwrite, contentType, signal });
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

async function fileTarget(path: string, overwrite: boolean): Promise<TextTarget> {
  const existing = await checkOutput(path, overwrite);
  const inPlace = existing !== undefined && !existing.isFile();
  const made = inPlace ? undefined : await newFile(path, existing, overwrite);
  let file: FileHandle;
  try {
    file = await open(made?.temporary ?? path, made === undefined ? 'w' : 'wx', made?.mode);
  } catch (error) {
    await made?.discard();
    throw fileError(error, path);
  }
  let gathered = '';
  const flush = async (): Promise<void> => {
    const text = gathered;
    gathered = '';
    await file.appendFile(text).catch((error: unknown) => {
      throw fileError(error, path);
    });
  };
  return {
    async write(text) {
      gathered += text;
      if (gathered.length >= GATHER_CHARACTERS) await flush();
    },
    async close() {
      await flush();
      try {
        await file.close();
      } catch (error) {
        throw fileError(error, path);
      }
      await made?.name(path);
    },
    async abort() {
      await file.close().catch(() => {});
      await made?.discard();
    },
  };
}
