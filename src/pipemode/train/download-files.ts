import { dirname, join } from 'node:path';
import { isRecordpipeError } from '../../errors.ts';
import { openFileSink } from '../../storage/local/file-output.ts';
import { makeFolder } from '../../storage/local/make-folder.ts';
import type { ObjectReadOptions } from '../../storage/prefetch/transfer-control.ts';
import { readObjects } from '../../storage/read-objects.ts';
import type { ObjectRef, Sink } from '../../storage/storage.ts';
import { withLine } from '../streamer/object-epoch.ts';

/**
 * Maximum number of chunks to write at the same time. A chunk has up to 1 MiB, and each small file
 * is one chunk.
 */
const MAX_WRITES = 16;

/** An object to store as a file. */
export interface ChannelFile {
  readonly object: ObjectRef;
  /** Path relative to the folder of the channel. */
  readonly path: string;
  /** One-based line number of the object in the augmented manifest. */
  readonly line?: number | undefined;
}

/** Options for downloading files. */
export interface Downloading {
  readonly objects: ObjectReadOptions;
  readonly skipMissing: boolean;
  /** Called for each missing object. */
  readonly onSkipped: (file: ChannelFile, error: Error) => void;
  /** Called after bytes of a file have been written. */
  readonly onWritten: (bytes: number, isLast: boolean) => void;
}

/**
 * Downloads objects into a folder. Requests ranges of the next objects while files are written.
 * Fails if a file does not have the size and the ETag that the service reported.
 *
 * @param folder an existing folder without these files
 * @throws RecordpipeError the same errors as `readObjects`; `io-failure`
 */
export async function downloadFiles(
  files: readonly ChannelFile[],
  folder: string,
  { objects, skipMissing, onSkipped, onWritten }: Downloading,
): Promise<void> {
  const folders = new FolderMaker(folder);
  const writes = new Writes();
  const pieces = readObjects(refsOf(files), {
    ...objects,
    ...(skipMissing && {
      onObjectError: (error: Error, _ref: unknown, index: number) => {
        if (!isRecordpipeError(error, 'object-missing', 'not-found')) return 'fail';
        onSkipped(files[index], error);
        return 'skip';
      },
    }),
  });
  let current: FileWrite | undefined;
  try {
    for await (const { index, offset, chunk, last } of pieces) {
      if (offset === 0) {
        folders.make(dirname(files[index].path));
        current = new FileWrite(join(folder, files[index].path));
      }
      writes.add((current as FileWrite).write(chunk, last).then(() => onWritten(chunk.length, last)));
      if (last) current = undefined;
      await writes.room();
    }
    await writes.end();
  } catch (error) {
    const failed = files.find(({ object }) => isRecordpipeError(error) && object.uri === error.uri);
    throw failed === undefined ? error : withLine(error, failed);
  } finally {
    await writes.settled();
    await current?.abandon();
  }
}

function* refsOf(files: readonly ChannelFile[]): Generator<ObjectRef, void, undefined> {
  for (const { object } of files) yield object;
}

/** Creates subfolders, each only once. */
export class FolderMaker {
  readonly #root: string;
  readonly #made = new Set<string>(['.']);

  constructor(root: string) {
    this.#root = root;
  }

  /** @param path relative path; `.` is the folder itself */
  make(path: string): void {
    if (this.#made.has(path)) return;
    this.#made.add(path);
    makeFolder(join(this.#root, path));
  }
}

/** A file that is being written, chunk by chunk. */
class FileWrite {
  #sink: Promise<Sink>;

  constructor(path: string) {
    this.#sink = openFileSink(path, 'wx', {}, path);
  }

  /** Writes a chunk after the earlier ones, and closes the file after the last one. */
  async write(chunk: Uint8Array, last: boolean): Promise<void> {
    this.#sink = this.#sink.then(async (sink) => {
      try {
        if (chunk.length > 0) await sink.write(chunk);
        if (last) await sink.close();
      } catch (error) {
        await sink.destroy();
        throw error;
      }
      return sink;
    });
    await this.#sink;
  }

  /** Closes the file before its end. */
  async abandon(): Promise<void> {
    await this.#sink.then(
      (sink) => sink.destroy(),
      () => {},
    );
  }
}

/** Writes in progress. Their number is limited. */
class Writes {
  readonly #running = new Set<Promise<void>>();
  #failure: unknown;

  add(write: Promise<void>): void {
    const running = write
      .catch((error: unknown) => {
        this.#failure ??= error;
      })
      .finally(() => this.#running.delete(running));
    this.#running.add(running);
  }

  /** Waits until another write may start. @throws the error of a failed write */
  async room(): Promise<void> {
    while (this.#running.size >= MAX_WRITES) await Promise.race(this.#running);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Waits until all files are written. @throws the error of a failed write */
  async end(): Promise<void> {
    await this.settled();
    if (this.#failure !== undefined) throw this.#failure;
  }

  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }
}
