import { type Stats, write, writeSync } from 'node:fs';
import {
  chmod,
  type FileHandle,
  link,
  open,
  readlink,
  realpath,
  stat,
  truncate,
  unlink,
} from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import type { Output, OutputOptions, Sink, Unnamed } from '../storage.ts';
import { fileError } from './file-errors.ts';
import { pathOf } from './list-files.ts';
import { makeFolder } from './make-folder.ts';
import { renameFile } from './rename-file.ts';
import { forgetTemporary, temporaryPath } from './temporary-file.ts';

/** Maximum number of bytes per write. The system accepts less than 2^31. */
const WRITE_BYTES = 2 ** 30;
const STDOUT = 1;
/** Delay before a write to a full standard output is retried. */
const RETRY_MS = 5;
/** Error codes of file systems without hard links. */
const NO_LINKS = ['EPERM', 'EACCES', 'ENOSYS', 'ENOTSUP', 'EOPNOTSUPP', 'EMLINK', 'EXDEV'];

/**
 * Opens a path, a `file:` URL or `-` (standard output) for writing. A link remains a link: the file
 * that it points to is replaced. A replaced file keeps its mode. Devices and pipes are written in
 * place.
 * @throws RecordpipeError `already-exists`, `not-found` (no such directory), `unsupported-source`
 *   for a directory, `access-denied`, `io-failure`
 */
export async function openFileOutput(uri: string, options: OutputOptions): Promise<Output> {
  if (uri === '-') return { path: '<stdout>', sink: standardOutput(), file: NAMED };
  const path = pathOf(uri);
  const { append, atomic = true, overwrite } = options;
  if (options.parents) makeFolder(dirname(path));
  const existing = await checkOutput(path, overwrite || append !== undefined);
  if (append !== undefined) return appending(path, existing?.size ?? 0, append, options);
  if (!atomic || (existing !== undefined && !existing.isFile()))
    return { path, sink: await openFileSink(path, 'w', options, path), file: NAMED };
  const file = await newFile(path, existing, overwrite);
  try {
    return { path, sink: await openFileSink(file.temporary, 'wx', options, path, file.mode), file };
  } catch (error) {
    await file.discard();
    throw error;
  }
}

/** A file that has its final name from the beginning. */
const NAMED: Unnamed = { name: async () => {}, discard: async () => {} };

async function appending(
  path: string,
  size: number,
  append: NonNullable<OutputOptions['append']>,
  options: OutputOptions,
): Promise<Output> {
  const kept = await append(size);
  const sink = await openFileSink(path, 'a', options, path);
  if (kept < size) await truncate(path, kept);
  return {
    path,
    sink,
    file: {
      name: async () => {},
      async discard() {
        // Half a record, or half a gzip member, would make everything appended later unreadable.
        const now = await statIfPresent(path).catch(() => undefined);
        if (now?.isFile() && now.size === kept + sink.bytes) await truncate(path, kept).catch(() => {});
      },
    },
  };
}

/**
 * Returns the state of an output before it is written, or undefined if nothing with that name
 * exists.
 * @throws RecordpipeError `already-exists` for a file, unless `overwrite`; `unsupported-source` for
 *   a directory; `access-denied`, `io-failure`
 */
async function checkOutput(path: string, overwrite: boolean): Promise<Stats | undefined> {
  const existing = await statIfPresent(path);
  if (existing?.isDirectory())
    throw new RecordpipeError('unsupported-source', 'is a directory; specify a file in it', { uri: path });
  if (!overwrite && existing?.isFile()) throw alreadyExists(path);
  return existing;
}

async function statIfPresent(path: string): Promise<Stats | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw fileError(error, path);
  }
}

/** A new file in the folder of its final name. */
interface NewFile extends Unnamed {
  /** Name under which to create the file, with `O_EXCL`. Call `discard` if that fails. */
  readonly temporary: string;
  /**
   * Mode with which to create the file: that of the file it replaces, so that a private file stays
   * private.
   */
  readonly mode: number | undefined;
}

/**
 * Creates a file that appears under `path` when it is complete.
 * @param existing a regular file, or undefined
 */
async function newFile(path: string, existing: Stats | undefined, overwrite: boolean): Promise<NewFile> {
  const real = await resolveLinks(path, existing);
  const temporary = temporaryPath(real);
  const mode = existing === undefined ? undefined : existing.mode & 0o777;
  let place = temporary;
  return {
    temporary,
    mode,
    async name(wanted) {
      try {
        const to = wanted === path ? real : wanted;
        if (mode !== undefined) await chmod(temporary, mode);
        await giveName(temporary, to, overwrite);
        forgetTemporary(temporary);
        place = to;
      } catch (error) {
        throw fileError(error, wanted);
      }
    },
    async discard() {
      await unlink(place).catch(() => {});
      forgetTemporary(temporary);
    },
  };
}

/** Returns the file that any links lead to, even if it does not exist yet. */
async function resolveLinks(path: string, existing: Stats | undefined): Promise<string> {
  if (existing !== undefined) return realpath(path);
  try {
    return await resolveLinks(resolve(dirname(path), await readlink(path)), undefined);
  } catch {
    return path;
  }
}

/** Renames a file to its final name. @throws RecordpipeError `already-exists` */
async function giveName(unnamed: string, to: string, overwrite: boolean): Promise<void> {
  if (overwrite) {
    await renameFile(unnamed, to);
    return;
  }
  try {
    // Unlike rename, link fails if the name exists, even if another process creates it at the last
    // moment.
    await link(unnamed, to);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw alreadyExists(to, error);
    if (!NO_LINKS.includes(code)) throw error;
    if ((await stat(to).catch(() => undefined)) !== undefined) throw alreadyExists(to, error);
    await renameFile(unnamed, to);
    return;
  }
  await unlink(unnamed);
}

function alreadyExists(uri: string, cause?: unknown): RecordpipeError {
  const text = 'already exists; pass overwrite: true to replace it';
  return new RecordpipeError('already-exists', text, { uri }, cause);
}

/** Opens a file as a sink. @param uri name of the file in errors */
export async function openFileSink(
  path: string,
  flags: 'w' | 'wx' | 'a',
  options: Pick<OutputOptions, 'sync' | 'blocking'>,
  uri: string,
  mode?: number,
): Promise<Sink> {
  let handle: FileHandle;
  try {
    handle = await open(path, flags, mode);
  } catch (error) {
    throw openError(error, path, uri);
  }
  return new FileSink(handle, options, uri);
}

function openError(error: unknown, path: string, uri: string): RecordpipeError {
  const { code } = error as NodeJS.ErrnoException;
  if (code !== 'ENOENT') return fileError(error, uri);
  const text = `the directory ${dirname(path)} does not exist; create it first`;
  return new RecordpipeError('not-found', text, { uri }, error);
}

class FileSink implements Sink {
  bytes = 0;
  readonly #handle: FileHandle;
  readonly writeNow: ((bytes: Uint8Array) => void) | undefined;
  readonly #sync: boolean;
  readonly #uri: string;

  constructor(
    handle: FileHandle,
    { sync = false, blocking = false }: Pick<OutputOptions, 'sync' | 'blocking'>,
    uri: string,
  ) {
    this.#handle = handle;
    this.#sync = sync;
    this.#uri = uri;
    this.writeNow = blocking ? (bytes) => this.#writeNow(bytes) : undefined;
  }

  async write(bytes: Uint8Array): Promise<void> {
    try {
      for (let at = 0; at < bytes.length; ) {
        const length = Math.min(bytes.length - at, WRITE_BYTES);
        const { bytesWritten } = await this.#handle.write(bytes, at, length);
        at += bytesWritten;
        this.bytes += bytesWritten;
      }
    } catch (error) {
      throw fileError(error, this.#uri);
    }
  }

  #writeNow(bytes: Uint8Array): void {
    try {
      for (let at = 0; at < bytes.length; ) {
        const written = writeSync(this.#handle.fd, bytes, at, Math.min(bytes.length - at, WRITE_BYTES));
        at += written;
        this.bytes += written;
      }
    } catch (error) {
      throw fileError(error, this.#uri);
    }
  }

  async flush(): Promise<void> {}

  async close(): Promise<void> {
    try {
      if (this.#sync) await this.#handle.sync();
    } catch (error) {
      // Pipes and devices have nothing to sync: fsync(2) fails with EINVAL.
      if ((error as NodeJS.ErrnoException).code !== 'EINVAL') throw fileError(error, this.#uri);
    } finally {
      await this.#handle.close();
    }
  }

  destroy(): Promise<void> {
    return this.#handle.close().catch(() => {});
  }
}

/**
 * Returns standard output as a sink. Does not use process.stdout, whose writes to a pipe block the
 * thread, and with it signal handling. Closing the sink leaves standard output open, because it
 * belongs to the process.
 */
function standardOutput(): Sink {
  const sink = {
    bytes: 0,
    async write(bytes: Uint8Array) {
      for (let at = 0; at < bytes.length; ) {
        const count = await writeSome(bytes, at);
        at += count;
        sink.bytes += count;
      }
    },
    flush: async () => {},
    close: async () => {},
    destroy: async () => {},
  };
  return sink;
}

function writeSome(bytes: Uint8Array, at: number): Promise<number> {
  return new Promise((resolve, reject) => {
    write(STDOUT, bytes, at, Math.min(bytes.length - at, WRITE_BYTES), null, (error, count) => {
      if (error === null) resolve(count);
      else if (error.code === 'EAGAIN') setTimeout(() => resolve(0), RETRY_MS);
      else reject(fileError(error, '<stdout>'));
    });
  });
}
