import { existsSync } from 'node:fs';
import { crc32c } from '../../crc32c/crc32c.ts';
import { isItemFailure, isRecordpipeError, type RecordpipeError } from '../../errors.ts';
import { statObject } from '../../storage/inspect.ts';
import { walkFolder } from '../../storage/local/list-files.ts';
import { type ObjectOptions, objectOptions } from '../../storage/object-options.ts';
import { openObject } from '../../storage/read-objects.ts';
import { storageOf } from '../../storage/registry.ts';
import type { ObjectInfo } from '../../storage/storage.ts';
import type { CheckpointOwners } from './checkpoint-owners.ts';
import { copyObject, inParallel } from './copy-object.ts';

/** The two ends of a synchronization. */
export interface SyncPlace {
  /** The address, with a trailing slash. */
  readonly uri: string;
  readonly folder: string;
  readonly host: string;
  readonly owners: CheckpointOwners;
  readonly objects: Partial<ObjectOptions> | undefined;
  readonly onWarning: (code: string, message: string) => void;
}

/** The version of a local file that is stored at the address. */
interface SyncedFile {
  /** Token of the local version: see ObjectInfo.etag. */
  readonly etag: string | undefined;
  readonly size: number;
  readonly crc: number;
}

/** Options of a pass. */
export interface PassOptions {
  readonly signal: AbortSignal | undefined;
  /** Minimum age of a file to upload. */
  readonly settleMs: number;
}

/** Result of a pass. */
export interface PassResult {
  files: number;
  bytes: number;
  /** Number of changed files that are still too young to upload. */
  pending: number;
  readonly failures: SyncFailure[];
}

/** A file that could not be uploaded or deleted. */
export interface SyncFailure {
  readonly path: string;
  readonly error: RecordpipeError;
  /** Whether the file was being written, so that another pass may succeed. */
  readonly changing: boolean;
}

/** A file of a checkpoint folder. */
interface LocalFile {
  readonly name: string;
  readonly info: ObjectInfo;
}

/** Error codes that occur while a file is being written or deleted. */
const CHANGING: ReadonlySet<string> = new Set([
  'object-changed',
  'source-changed',
  'object-missing',
  'not-found',
]);
/** Number of settling periods after which a file is uploaded even if it is still changing. */
const MAX_SETTLING = 10;
/** Maximum size of a file to compare with its stored version before uploading it again. */
const MAX_COMPARED_BYTES: number = 8 * 1024 * 1024;
/** Number of files to transfer in parallel. */
export const LANES = 4;

/** Uploads changes in the folder of a host, one pass at a time. */
export class CheckpointSync {
  readonly #place: SyncPlace;
  /** The stored files by name. */
  readonly #known = new Map<string, SyncedFile>();
  /** Times at which changed files were first seen, by name. Removed when the file is uploaded. */
  readonly #waiting = new Map<string, number>();

  constructor(place: SyncPlace) {
    this.#place = place;
  }

  /** Forgets all files. */
  forget(): void {
    this.#known.clear();
    this.#waiting.clear();
  }

  /** Records that a file was restored. */
  remember(name: string, file: SyncedFile): void {
    this.#known.set(name, file);
  }

  /**
   * Uploads new and changed files, and deletes the objects of deleted files.
   * @throws RecordpipeError `aborted`
   */
  async pass(options: PassOptions): Promise<PassResult> {
    const { folder, uri, onWarning } = this.#place;
    const result: PassResult = { files: 0, bytes: 0, pending: 0, failures: [] };
    if (!existsSync(folder)) {
      const text = `the folder ${folder} was deleted; checkpoints that were already saved remain at ${uri}`;
      onWarning('checkpoint-folder-missing', text);
      return result;
    }
    try {
      const listing = await this.#list(result.failures);
      await inParallel(listing.values(), LANES, (file) => this.#upload(file, options, result));
      // Old checkpoints are kept until all new ones are stored.
      if (result.failures.length === 0 && result.pending === 0)
        await this.#removeMissing(listing, options.signal, result.failures);
    } catch (error) {
      if (!isItemFailure(error)) throw error;
      // A subfolder that is deleted during the listing causes `not-found`.
      result.failures.push({ path: folder, error, changing: error.code === 'not-found' });
    }
    return result;
  }

  /** Lists the local files by name. A file that cannot be listed is a failure. */
  async #list(failures: SyncFailure[]): Promise<Map<string, LocalFile>> {
    const { folder } = this.#place;
    const files = new Map<string, LocalFile>();
    for await (const batch of walkFolder(folder, { enter: () => true }))
      for (const { path } of batch) {
        const name = path.slice(folder.length);
        try {
          files.set(name, { name, info: await statObject(path) });
        } catch (error) {
          // A file that was deleted during the listing is omitted. Pipes and sockets contain no
          // checkpoints.
          if (isRecordpipeError(error, 'unsupported-source') && !path.includes('\ufffd')) continue;
          if (!isItemFailure(error)) throw error;
          if (error.code !== 'not-found') failures.push({ path, error, changing: false });
        }
      }
    return files;
  }

  /** Uploads a file if it has changed. */
  async #upload(
    { name, info }: LocalFile,
    { signal, settleMs }: PassOptions,
    result: PassResult,
  ): Promise<void> {
    const before = this.#known.get(name);
    if (before !== undefined && before.etag === info.etag) return;
    if (!this.#hasSettled(name, info, settleMs)) {
      result.pending++;
      return;
    }
    const { uri, objects, host, owners, onWarning } = this.#place;
    const from = { uri: info.uri, size: info.size, etag: info.etag };
    try {
      if (before?.size === info.size && (await hasContents(from, before.crc))) {
        this.#known.set(name, { ...before, etag: info.etag });
        return;
      }
      const copied = await copyObject(from, uri + name, { objects, signal, overwrite: true });
      this.#known.set(name, { etag: copied.etag, size: copied.bytes, crc: copied.crc });
      this.#waiting.delete(name);
      const clash = owners.claim(name, host);
      if (clash !== undefined) onWarning('checkpoint-clash', `${clash} (${uri})`);
      result.files++;
      result.bytes += copied.bytes;
    } catch (error) {
      if (!isRecordpipeError(error) || error.code === 'aborted') throw error;
      const changing = CHANGING.has(error.code) && error.uri === info.uri;
      result.failures.push({ path: info.uri, error, changing });
    }
  }

  /**
   * Reports whether a file has not been modified for a while. A file that is modified continuously,
   * such as a log, eventually counts as settled.
   */
  #hasSettled(name: string, { modified }: ObjectInfo, settleMs: number): boolean {
    const now = Date.now();
    if (now - (modified?.getTime() ?? 0) >= settleMs) return true;
    const since = this.#waiting.get(name) ?? now;
    this.#waiting.set(name, since);
    return now - since >= MAX_SETTLING * settleMs;
  }

  /** Deletes the stored versions of files that were deleted locally. */
  async #removeMissing(
    listing: ReadonlyMap<string, LocalFile>,
    signal: AbortSignal | undefined,
    failures: SyncFailure[],
  ): Promise<void> {
    const { host, owners, objects } = this.#place;
    for (const name of [...this.#known.keys()].filter((one) => !listing.has(one))) {
      const uri = this.#place.uri + name;
      try {
        // Keeps the version of another host.
        if (owners.mayRemove(name, host))
          await (await storageOf(uri, objectOptions(objects))).remove(uri, signal);
        this.#known.delete(name);
      } catch (error) {
        if (!isItemFailure(error)) throw error;
        failures.push({ path: uri, error, changing: false });
      }
    }
  }
}

/** Reports whether a small local file has the given checksum. */
async function hasContents(file: ObjectInfo, crc: number): Promise<boolean> {
  if (file.size > MAX_COMPARED_BYTES) return false;
  let own = 0;
  for await (const chunk of openObject(file).chunks) own = crc32c(chunk, own);
  return own === crc;
}
