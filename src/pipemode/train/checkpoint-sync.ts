import { existsSync } from 'node:fs';
import { crc32c } from '../../crc32c/crc32c.ts';
import { isItemFailure, isRecordpipeError, type RecordpipeError } from '../../errors.ts';
import { statObject } from '../../storage/inspect.ts';
import { walkFolder } from '../../storage/local/list-files.ts';
import { type ObjectOptions, objectOptions } from '../../storage/object-options.ts';
import { openObject } from '../../storage/read-objects.ts';
import { storageOf } from '../../storage/registry.ts';
import type { ObjectInfo } from '../../storage/storage.ts';
import { copyObject, inParallel } from './copy-object.ts';

/** The folder in which a host stores its checkpoints. */
export interface CheckpointFolder {
  /** Name of the host, for messages. */
  readonly host: string;
  /** CheckpointConfig.LocalPath, by default `/opt/ml/checkpoints`. */
  readonly path: string;
}

/** Options for the checkpoints of a job. Every field has a default. */
export interface CheckpointOptions {
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Ends transfers in progress, except those of `finish`. */
  readonly signal: AbortSignal | undefined;
  /** Receives notices, and failures of a synchronization, which the next one repeats. */
  readonly onWarning: (code: string, message: string) => void;
  /**
   * Minimum age of a file that is uploaded while the program runs. A younger file may still be
   * incomplete. Default 2,000 ms.
   */
  readonly settleMs: number;
}

/** The result of a transfer of checkpoints. */
export interface CheckpointTransfer {
  readonly files: number;
  readonly bytes: number;
}

/** The version of a local file that is stored at the address. */
interface SyncedFile {
  /** Token of the local version: see ObjectInfo.etag. */
  readonly etag: string | undefined;
  readonly size: number;
  readonly crc: number;
}

/** A file that was not uploaded, or not deleted. */
export interface SyncFailure {
  readonly path: string;
  readonly error: RecordpipeError;
  /** Whether the file was being written, so that another pass may succeed. */
  readonly changing: boolean;
}

/** Options of a pass. */
interface PassOptions {
  readonly signal: AbortSignal | undefined;
  /** Minimum age of a file to upload. */
  readonly settleMs: number;
}

/** Result of a pass. */
interface PassResult {
  files: number;
  bytes: number;
  /** Number of changed files that are too young. */
  pending: number;
  readonly failures: SyncFailure[];
}

/** Codes of failures of a file that is being written or deleted. */
const CHANGING: ReadonlySet<string> = new Set([
  'object-changed',
  'source-changed',
  'object-missing',
  'not-found',
]);
/** A changed file is uploaded after this many times the settling time, even if it still changes. */
const MAX_SETTLING = 10;

/** Index of the owner of a file that was restored. */
const RESTORED = -1;
/** Maximum size of a file that is compared with its stored version before it is uploaded again. */
const MAX_COMPARED_BYTES: number = 8 * 1024 * 1024;
const LANES = 4;

/** Uploads the changes in the folders of all hosts to one address, one pass at a time. */
export class CheckpointSync {
  readonly #uri: string;
  readonly #folders: readonly CheckpointFolder[];
  readonly #options: CheckpointOptions;
  /** The known files of each folder by name. */
  readonly #known: Map<string, SyncedFile>[];
  /** The folder that each stored file came from. */
  readonly #owners = new Map<string, number>();
  /** Times when changed files were first seen, by path, until they are uploaded. */
  readonly #waiting = new Map<string, number>();
  /** Names that several hosts wrote. */
  readonly #clashes = new Set<string>();

  constructor(uri: string, folders: readonly CheckpointFolder[], options: CheckpointOptions) {
    this.#uri = uri;
    this.#folders = folders;
    this.#options = options;
    this.#known = folders.map(() => new Map());
  }

  /** Forgets all files. */
  forget(): void {
    for (const known of this.#known) known.clear();
    this.#owners.clear();
    this.#waiting.clear();
    this.#clashes.clear();
  }

  /** Records a file that was restored. */
  remember(folder: number, name: string, file: SyncedFile): void {
    this.#known[folder].set(name, file);
    this.#owners.set(name, RESTORED);
  }

  /**
   * Synchronizes all folders once.
   * @throws RecordpipeError `aborted`
   */
  async pass(how: PassOptions): Promise<PassResult> {
    const result = { files: 0, bytes: 0, pending: 0, failures: [] as SyncFailure[] };
    const listings: ReadonlyMap<string, unknown>[] = [];
    for (const [index, { path }] of this.#folders.entries()) {
      try {
        const listing = existsSync(path) ? await this.#filesIn(path, result.failures) : undefined;
        if (listing === undefined) this.#warnMissing(path);
        else await inParallel(listing.values(), LANES, (file) => this.#upload(index, file, how, result));
        listings[index] = listing ?? this.#known[index];
      } catch (error) {
        if (!isItemFailure(error)) throw error;
        // A subfolder that is deleted during the listing is not found.
        result.failures.push({ path, error, changing: error.code === 'not-found' });
      }
    }
    // Until all new checkpoints are stored, the old ones remain.
    if (result.failures.length === 0 && result.pending === 0)
      for (const [index, listing] of listings.entries())
        await this.#removeMissing(index, listing, how.signal, result.failures);
    return result;
  }

  /** Lists the files of a folder by name. A file that cannot be listed is a failure. */
  async #filesIn(path: string, failures: SyncFailure[]): Promise<Map<string, LocalFile>> {
    const folder = path.endsWith('/') ? path : `${path}/`;
    const files = new Map<string, LocalFile>();
    for await (const { path: file } of walkFolder(folder, { enter: () => true })) {
      try {
        files.set(file.slice(folder.length), {
          name: file.slice(folder.length),
          info: await statObject(file),
        });
      } catch (error) {
        // A deleted file is missing in this listing. Pipes and sockets contain no checkpoints.
        if (isRecordpipeError(error, 'unsupported-source') && !file.includes('\ufffd')) continue;
        if (!isItemFailure(error)) throw error;
        if (error.code !== 'not-found') failures.push({ path: file, error, changing: false });
      }
    }
    return files;
  }

  /** Uploads a file if it has changed. */
  async #upload(
    folder: number,
    { name, info }: LocalFile,
    { signal, settleMs }: PassOptions,
    result: PassResult,
  ): Promise<void> {
    const known = this.#known[folder];
    const before = known.get(name);
    if (before !== undefined && before.etag === info.etag) return;
    if (!this.#hasSettled(info, settleMs)) {
      result.pending++;
      return;
    }
    const { objects } = this.#options;
    const from = { uri: info.uri, size: info.size, etag: info.etag };
    try {
      if (before?.size === info.size && (await hasContents(from, before.crc))) {
        known.set(name, { ...before, etag: info.etag });
        return;
      }
      const copied = await copyObject(from, this.#uri + name, { objects, signal, overwrite: true });
      this.#claim(folder, name);
      known.set(name, { etag: copied.etag, size: copied.bytes, crc: copied.crc });
      this.#waiting.delete(info.uri);
      result.files++;
      result.bytes += copied.bytes;
    } catch (error) {
      if (!isRecordpipeError(error) || error.code === 'aborted') throw error;
      const changing = CHANGING.has(error.code) && error.uri === info.uri;
      result.failures.push({ path: info.uri, error, changing });
    }
  }

  /**
   * Whether a file has not been written to for a while. A file that is written to all the time, such
   * as a log, is uploaded as it is.
   */
  #hasSettled({ uri, modified }: ObjectInfo, settleMs: number): boolean {
    const now = Date.now();
    if (now - (modified?.getTime() ?? 0) >= settleMs) return true;
    const since = this.#waiting.get(uri) ?? now;
    this.#waiting.set(uri, since);
    return now - since >= MAX_SETTLING * settleMs;
  }

  #warnMissing(path: string): void {
    const text = `the folder ${path} was deleted; its checkpoints remain at ${this.#uri}`;
    this.#options.onWarning('checkpoint-folder-missing', text);
  }

  /** Makes a folder the owner of a name, and warns if another host has written it. */
  #claim(folder: number, name: string): void {
    const owner = this.#owners.get(name) ?? RESTORED;
    this.#owners.set(name, folder);
    if (owner === RESTORED || owner === folder || this.#clashes.has(name)) return;
    this.#clashes.add(name);
    const [a, b] = [owner, folder].sort().map((index) => this.#folders[index].host);
    const text = `${a} and ${b} both write the checkpoint ${name}, and the last one stays at ${this.#uri}. Let each host use its own names, for example with SM_CURRENT_HOST; SageMaker needs this too`;
    this.#options.onWarning('checkpoint-clash', text);
  }

  /** Deletes the stored versions of files that were deleted locally. */
  async #removeMissing(
    folder: number,
    listing: ReadonlyMap<string, unknown>,
    signal: AbortSignal | undefined,
    failures: SyncFailure[],
  ): Promise<void> {
    const known = this.#known[folder];
    for (const name of [...known.keys()].filter((one) => !listing.has(one))) {
      const owner = this.#owners.get(name);
      const uri = this.#uri + name;
      try {
        // The version of another host remains.
        if (owner === folder || owner === RESTORED) {
          const storage = await storageOf(uri, objectOptions(this.#options.objects));
          await storage.remove(uri, signal);
          this.#owners.delete(name);
        }
        known.delete(name);
      } catch (error) {
        if (!isItemFailure(error)) throw error;
        failures.push({ path: uri, error, changing: false });
      }
    }
  }
}

/** A file of a checkpoint folder. */
interface LocalFile {
  readonly name: string;
  readonly info: ObjectInfo;
}

/** Whether a small local file has the given checksum. */
async function hasContents(file: ObjectInfo, crc: number): Promise<boolean> {
  if (file.size > MAX_COMPARED_BYTES) return false;
  let own = 0;
  for await (const chunk of openObject(file).chunks) own = crc32c(chunk, own);
  return own === crc;
}
