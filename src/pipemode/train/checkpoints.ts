import { rm } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { checkAborted } from '../../bytes/abortable.ts';
import { checkOptionNames } from '../../bytes/arguments.ts';
import { isItemFailure, isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from '../../errors.ts';
import { locationOf, statObject } from '../../storage/inspect.ts';
import { listObjects } from '../../storage/list-objects.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { makeFolder } from '../../storage/local/make-folder.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { isRemote } from '../../storage/registry.ts';
import { CheckpointOwners } from './checkpoint-owners.ts';
import {
  CheckpointSync,
  LANES,
  type PassOptions,
  type PassResult,
  type SyncFailure,
} from './checkpoint-sync.ts';
import { copyObject, inParallel } from './copy-object.ts';
import { contentsOf } from './earlier-run.ts';

/** Options for the checkpoints of a host. Every field has a default. */
export interface CheckpointOptions {
  /** Name of the host. The default is `algo-1`. */
  readonly host: string;
  /**
   * Record of checkpoint owners. Hosts of a job share it, so that they do not delete each other's
   * checkpoints.
   */
  readonly owners: CheckpointOwners;
  /** Options for `s3://` addresses. */
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Signal that ends transfers in progress, except those of `finish`. */
  readonly signal: AbortSignal | undefined;
  /** Called with notices and with failures, which the next synchronization retries. */
  readonly onWarning: (code: string, message: string) => void;
  /**
   * Minimum age of a file to upload while the program runs. A younger file may still be incomplete.
   * The default is 2,000 ms.
   */
  readonly settleMs: number;
}

/** The result of a transfer of checkpoints. */
export interface CheckpointTransfer {
  /** Number of files that were copied. */
  readonly files: number;
  /** Number of bytes that were copied. */
  readonly bytes: number;
}

const NOTHING: CheckpointTransfer = { files: 0, bytes: 0 };

const NEXT_CLEAR = 'copy the files that are not at the checkpoint address, then pass --force to remove them';

/** Maximum number of passes of the final synchronization, and the pause between them. */
const LAST_PASSES = 3;
const PAUSE_MS = 500;

/**
 * Restores the checkpoints of a host and synchronizes them with an address, as SageMaker does with
 * CheckpointConfig:
 *
 * - Checkpoints at the address are copied into the local folder before the program starts. Objects
 *   that are added later are not copied.
 * - New and changed files are uploaded at intervals and at the end. Links are followed.
 * - A checkpoint that the program deletes is also deleted at the address, once all newer ones are
 *   stored.
 * - All hosts of a job share the address, without subfolders. If several hosts write the same name,
 *   the last version is kept, with a warning.
 *
 * A file that changes during its upload never appears at the address; the next synchronization
 * uploads it. Unchanged files are not uploaded again.
 *
 * Rules: "Checkpoints in Amazon SageMaker AI" in SageMaker's developer guide.
 *
 * @example
 * ```ts
 * import { mkdirSync, writeFileSync } from 'node:fs';
 * import { Checkpoints } from 'recordpipe/pipemode/train';
 * mkdirSync('saved', { recursive: true });
 * writeFileSync('saved/epoch-1.ckpt', 'weights');
 * const checkpoints = new Checkpoints('saved', 'local-checkpoints');
 * console.log((await checkpoints.restore()).files); // 1
 * writeFileSync('local-checkpoints/epoch-2.ckpt', 'better weights');
 * console.log((await checkpoints.finish()).files); // 1
 * ```
 */
export class Checkpoints {
  /** The address, with a trailing slash. */
  readonly uri: string;
  /** The local folder, with a trailing slash. */
  readonly folder: string;
  readonly #options: CheckpointOptions;
  readonly #sync: CheckpointSync;
  /** Whether the local folder contains the checkpoints of this job. */
  #isUsable = true;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> = Promise.resolve();
  /** Failures that were already reported. Each is reported once. */
  readonly #reported = new Set<string>();

  /**
   * @param uri `s3://bucket/prefix`, or a path or `file:` URL of a folder
   * @param localDir CheckpointConfig.LocalPath, by default `/opt/ml/checkpoints`
   * @throws UsageError for an address inside the local folder, or the reverse
   */
  constructor(uri: string, localDir: string, options: Partial<CheckpointOptions> = {}) {
    checkOptionNames('Checkpoints', options, defaults());
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    this.#options = { ...defaults(), ...Object.fromEntries(given) };

    this.uri = withSlash(locationOf(uri));
    this.folder = withSlash(localDir);
    checkApart(this.uri, this.folder);
    this.#sync = new CheckpointSync({ ...this.#options, uri: this.uri, folder: this.folder });
  }

  /**
   * Copies the checkpoints into the local folder. Call this before each attempt. After a failure,
   * the local folder contains no checkpoint of this job, and nothing is synchronized.
   *
   * @param given `clear`: whether to remove files that an earlier run left in the local folder. By
   *   default, false: they are an error, because they may be the only copy
   * @throws RecordpipeError `already-exists`; `unsupported-source` for an object whose name cannot
   *   be a path; `access-denied`, `object-missing` (no such bucket), `retries-exhausted`,
   *   `io-failure`, `aborted`
   */
  async restore(given: { readonly clear?: boolean } = {}): Promise<CheckpointTransfer> {
    checkAborted(this.#options.signal);
    this.#isUsable = false;
    this.#sync.forget();
    await emptyFolder(this.folder, given.clear ?? false);
    const names = await this.#stored();
    let bytes = 0;
    try {
      await inParallel(names, LANES, async (name) => {
        const size = await this.#restoreOne(name);
        bytes += size;
      });
    } catch (error) {
      // The folder was empty before. Partially restored checkpoints would block the next attempt.
      await emptyFolder(this.folder, true);
      throw error;
    }
    this.#isUsable = true;
    return { files: names.length, bytes };
  }

  /** Returns the names of the stored checkpoints. */
  async #stored(): Promise<string[]> {
    const { objects, signal } = this.#options;
    const names: string[] = [];
    try {
      for await (const { uri } of listObjects(this.uri, { ...objects, as: 'prefix', signal }))
        names.push(checkedName(uri.slice(this.uri.length), uri));
    } catch (error) {
      // A folder that does not exist yet contains no checkpoints.
      if (!isRecordpipeError(error, 'not-found') || error.uri !== this.uri) throw error;
    }
    return names;
  }

  /** Copies a checkpoint to the local folder. Returns its size. */
  async #restoreOne(name: string): Promise<number> {
    const { objects, signal, owners } = this.#options;
    const to = this.folder + name;
    const { bytes, crc } = await copyObject({ uri: this.uri + name }, to, {
      objects,
      signal,
      overwrite: false,
    });
    const { etag } = await statObject(to);
    owners.release(name);
    this.#sync.remember(name, { etag, size: bytes, crc });
    return bytes;
  }

  /**
   * Starts synchronizing at intervals. A failure causes a warning and is retried at the next
   * interval.
   */
  start(intervalMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(async () => {
      await this.sync().catch((error: unknown) => this.#report(error));
      // `finish` or a later `start` may have changed the timer.
      if (this.#timer !== undefined) this.start(intervalMs);
    }, intervalMs);
    this.#timer.unref();
  }

  /**
   * Uploads new and changed files, and deletes the objects of deleted files. Leaves files that are
   * still changing to the next synchronization.
   * @throws RecordpipeError the first failure, after the other files have been uploaded
   */
  async sync(): Promise<CheckpointTransfer> {
    if (!this.#isUsable) return NOTHING;
    const { signal, settleMs } = this.#options;
    const { failures, files, bytes } = await this.#pass({ signal, settleMs });
    const failure = failures.find(({ changing }) => !changing);
    if (failure !== undefined) throw failure.error;
    return { files, bytes };
  }

  /**
   * Ends the interval and synchronizes one last time. Call this after the program has ended.
   * Uploads files of any age.
   *
   * @param given a signal for this synchronization. Unlike earlier synchronizations, it ignores the
   *   signal of the constructor, so that a stopped job saves its checkpoints.
   * @returns the files and bytes of this synchronization
   * @throws RecordpipeError the first failure, after all other files have been uploaded
   */
  async finish(given: { readonly signal?: AbortSignal | undefined } = {}): Promise<CheckpointTransfer> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (!this.#isUsable) return NOTHING;
    let files = 0;
    let bytes = 0;
    for (let pass = 1; ; pass++) {
      const done = await this.#pass({ signal: given.signal, settleMs: 0 });
      files += done.files;
      bytes += done.bytes;
      checkAborted(given.signal);
      if (done.failures.length === 0) return { files, bytes };
      // Requests have their own retries. Only files that were still changing need another pass.
      if (pass === LAST_PASSES || !done.failures.some(({ changing }) => changing))
        throw unsaved(done.failures, this.uri);
      await new Promise((resume) => setTimeout(resume, PAUSE_MS));
    }
  }

  /** Runs a pass after the passes in progress. */
  #pass(options: PassOptions): Promise<PassResult> {
    const pass = this.#running.then(() => this.#sync.pass(options));
    this.#running = pass.catch(() => {});
    return pass;
  }

  #report(error: unknown): void {
    if (!isItemFailure(error)) return;
    if (this.#reported.has(error.message)) return;
    this.#reported.add(error.message);
    const text = `checkpoints could not be saved: ${error.message}; the next synchronization retries`;
    this.#options.onWarning('checkpoints-not-saved', text);
  }
}

function defaults(): CheckpointOptions {
  return {
    host: 'algo-1',
    owners: new CheckpointOwners(),
    objects: undefined,
    signal: undefined,
    onWarning: () => {},
    settleMs: 2000,
  };
}

function withSlash(location: string): string {
  return location.endsWith('/') ? location : `${location}/`;
}

/** Checks that the address and a local folder do not contain each other. */
function checkApart(uri: string, path: string): void {
  if (isRemote(uri)) return;
  const [a, b] = [resolve(uri), resolve(path)];
  const contains = (one: string, other: string): boolean => {
    const way = relative(one, other);
    return way === '' || (way !== '..' && !way.startsWith(`..${sep}`));
  };
  if (contains(a, b) || contains(b, a))
    throw new UsageError(
      `checkpoints: the address ${uri} and the local folder ${path} overlap; choose separate folders`,
    );
}

/**
 * Creates a folder of checkpoints, or empties it with `clear`.
 * @param next the next step if it contains files and `clear` is false
 * @throws RecordpipeError `already-exists` if it contains files and `clear` is false
 */
export async function emptyFolder(path: string, clear: boolean, next: string = NEXT_CLEAR): Promise<void> {
  const left = contentsOf(path);
  if (left.length > 0 && !clear) {
    const text = `the folder contains checkpoints of an earlier run, such as ${left[0]}; ${next}`;
    throw new RecordpipeError('already-exists', text, { uri: path });
  }
  for (const one of left)
    await rm(one, { recursive: true, force: true }).catch((error: unknown) => {
      throw fileError(error, one);
    });
  makeFolder(path);
}

/** Checks that a name is a path below its folder. */
function checkedName(name: string, uri: string): string {
  const parts = name.split('/');
  if (!name.includes('\0') && parts.every((part) => part !== '' && part !== '.' && part !== '..'))
    return name;
  const text =
    'the object cannot be restored, because its key is not a valid relative path; move it out of the checkpoint address';
  throw new RecordpipeError('unsupported-source', text, { uri });
}

function unsaved(failures: readonly SyncFailure[], uri: string): RecordpipeError {
  const { error, path } = failures[0];
  const count = failures.length === 1 ? '1 checkpoint' : `${failures.length} checkpoints`;
  const text = `${count} could not be saved to ${uri}: ${path}: ${sentenceOf(error)}. Local files remain; copy them before the next job`;
  return new RecordpipeError(error.code, text, {}, error);
}
