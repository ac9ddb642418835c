import { rm } from 'node:fs/promises';
import { relative, resolve, sep } from 'node:path';
import { checkAborted } from '../../bytes/abortable.ts';
import { checkOptionNames } from '../../bytes/arguments.ts';
import { isItemFailure, isRecordpipeError, RecordpipeError, sentenceOf, UsageError } from '../../errors.ts';
import { locationOf, statObject } from '../../storage/inspect.ts';
import { listObjects } from '../../storage/list-objects.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { isRemote } from '../../storage/registry.ts';
import { makeFolder } from '../job/config-file.ts';
import {
  type CheckpointFolder,
  type CheckpointOptions,
  CheckpointSync,
  type CheckpointTransfer,
  type SyncFailure,
} from './checkpoint-sync.ts';
import { copyObject, inParallel } from './copy-object.ts';
import { contentsOf } from './earlier-run.ts';

export type { CheckpointFolder, CheckpointOptions, CheckpointTransfer } from './checkpoint-sync.ts';

/** Number of files to transfer in parallel. */
const LANES = 4;
/** Number of passes of the last synchronization, and the pause between them. */
const LAST_PASSES = 3;
const PAUSE_MS = 500;

/**
 * Restores the checkpoints of a training job and synchronizes them with an address, as SageMaker
 * does with CheckpointConfig:
 *
 * - Checkpoints below the address are copied into the local folder of each host before the program
 *   starts. Objects that are added later are not.
 * - New and changed files are uploaded on an interval and at the end.
 * - A checkpoint that the program deletes is also deleted at the address.
 * - All hosts share the address, without a folder of their own. Hosts must use distinct names; if
 *   several hosts write the same name, the last one stays, with a warning.
 *
 * Links are followed. A file that changes while it is uploaded never appears at the address: the next synchronization
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
  readonly folders: readonly CheckpointFolder[];
  readonly #options: CheckpointOptions;
  readonly #sync: CheckpointSync;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<unknown> = Promise.resolve();
  /** Failures that have been reported, so that each is reported once. */
  readonly #reported = new Set<string>();

  /**
   * @param uri `s3://bucket/prefix`, or a path or `file:` URL of a folder
   * @param folders the local folder of the only host, or those of all hosts
   * @throws UsageError for an address inside a local folder, or the reverse
   */
  constructor(
    uri: string,
    folders: string | readonly CheckpointFolder[],
    options: Partial<CheckpointOptions> = {},
  ) {
    checkOptionNames('Checkpoints', options, DEFAULTS);
    const location = locationOf(uri);
    this.uri = location.endsWith('/') ? location : `${location}/`;
    this.folders = typeof folders === 'string' ? [{ host: 'algo-1', path: folders }] : folders;
    for (const { path } of this.folders) checkApart(this.uri, path);
    const given = Object.entries(options).filter(([, value]) => value !== undefined);
    this.#options = { ...DEFAULTS, ...Object.fromEntries(given) };
    this.#sync = new CheckpointSync(this.uri, this.folders, this.#options);
  }

  /**
   * Copies the checkpoints into the local folders. Call it before each attempt.
   *
   * @param given `clear`: whether to remove files that an earlier run left in the local folders.
   *   Default false: they are an error, because they may be the only copy
   * @throws RecordpipeError `already-exists`; `unsupported-source` for an object whose name cannot be
   *   a path; `access-denied`, `object-missing` (no such bucket), `retries-exhausted`, `io-failure`,
   *   `aborted`
   */
  async restore(given: { readonly clear?: boolean } = {}): Promise<CheckpointTransfer> {
    const { objects, signal } = this.#options;
    for (const { path } of this.folders) await emptyFolder(path, given.clear ?? false);
    this.#sync.forget();
    const names: string[] = [];
    try {
      for await (const { uri } of listObjects(this.uri, { ...objects, as: 'prefix', signal }))
        names.push(checkedName(uri.slice(this.uri.length), uri));
    } catch (error) {
      // A folder that does not exist yet contains no checkpoints.
      if (!isRecordpipeError(error, 'not-found') || error.uri !== this.uri) throw error;
    }
    let bytes = 0;
    try {
      await inParallel(names, LANES, async (name) => {
        bytes += await this.#restoreOne(name);
      });
    } catch (error) {
      // The folders were empty before. A part of the checkpoints would block the next attempt.
      for (const { path } of this.folders) await emptyFolder(path, true);
      throw error;
    }
    return { files: names.length, bytes };
  }

  /** Copies a checkpoint to all folders, with one download. Returns its size. */
  async #restoreOne(name: string): Promise<number> {
    const { objects, signal } = this.#options;
    let from = this.uri + name;
    let bytes = 0;
    for (const [index, { path }] of this.folders.entries()) {
      const to = localPath(path, name);
      const copied = await copyObject({ uri: from }, to, { objects, signal, overwrite: false });
      const { etag } = await statObject(to);
      this.#sync.remember(index, name, { etag, size: copied.bytes, crc: copied.crc });
      bytes = copied.bytes;
      from = to;
    }
    return bytes;
  }

  /** Starts synchronizing on an interval. Failures are warnings, and the next time repeats them. */
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
   * Uploads new and changed files, and deletes the objects of deleted files. Files that are still
   * changing are left to the next synchronization.
   * @throws RecordpipeError the first failure, after the other files have been uploaded
   */
  async sync(): Promise<CheckpointTransfer> {
    const { signal, settleMs } = this.#options;
    const { failures, ...done } = await this.#pass({ signal, settleMs });
    const failure = failures.find(({ changing }) => !changing);
    if (failure !== undefined) throw failure.error;
    return done;
  }

  /**
   * Ends the interval and synchronizes for the last time, after the program has ended. Files of all
   * ages are uploaded.
   *
   * @param given a signal for this synchronization. Those in progress end with the signal of the
   *   constructor, but this one does not, so that a stopped job saves its checkpoints.
   * @returns the files and bytes of this synchronization
   * @throws RecordpipeError the first failure, after all other files have been uploaded
   */
  async finish(given: { readonly signal?: AbortSignal | undefined } = {}): Promise<CheckpointTransfer> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    let files = 0;
    let bytes = 0;
    for (let pass = 1; ; pass++) {
      const done = await this.#pass({ signal: given.signal, settleMs: 0 });
      files += done.files;
      bytes += done.bytes;
      checkAborted(given.signal);
      if (done.failures.length === 0) return { files, bytes };
      // Requests have their own retries. Another pass is for files that were still changing.
      if (pass === LAST_PASSES || !done.failures.some(({ changing }) => changing))
        throw unsaved(done.failures, this.uri);
      await new Promise((resume) => setTimeout(resume, PAUSE_MS));
    }
  }

  /** Runs a pass after those in progress. */
  #pass(how: {
    readonly signal: AbortSignal | undefined;
    readonly settleMs: number;
  }): Promise<CheckpointTransfer & { readonly failures: readonly SyncFailure[] }> {
    const pass = this.#running.then(() => this.#sync.pass(how));
    this.#running = pass.catch(() => {});
    return pass;
  }

  #report(error: unknown): void {
    if (!isItemFailure(error)) return;
    if (this.#reported.has(error.message)) return;
    this.#reported.add(error.message);
    const text = `checkpoints could not be saved: ${error.message}; the next synchronization tries again`;
    this.#options.onWarning('checkpoints-not-saved', text);
  }
}

const DEFAULTS: CheckpointOptions = Object.freeze({
  objects: undefined,
  signal: undefined,
  onWarning: () => {},
  settleMs: 2000,
});

/** Returns the path of a checkpoint in a local folder. */
export function localPath(folder: string, name: string): string {
  return `${folder.replace(/\/+$/, '')}/${name}`;
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
      `checkpoints: the address ${uri} and the local folder ${path} contain each other; choose separate folders`,
    );
}

async function emptyFolder(path: string, clear: boolean): Promise<void> {
  const left = contentsOf(path);
  if (left.length > 0 && !clear) {
    const text = `contains checkpoints of an earlier run, such as ${left[0]}; move them away if they are not at the checkpoint address, or pass --force to remove them`;
    throw new RecordpipeError('already-exists', text, { uri: path });
  }
  for (const one of left)
    await rm(one, { recursive: true, force: true }).catch((error: unknown) => {
      throw fileError(error, one);
    });
  makeFolder(path);
}

/** Checks that a name stays inside its folder. */
function checkedName(name: string, uri: string): string {
  const parts = name.split('/');
  if (!name.includes('\0') && parts.every((part) => part !== '' && part !== '.' && part !== '..'))
    return name;
  const text = 'this object cannot be restored, because its name is not a path below a folder; remove it';
  throw new RecordpipeError('unsupported-source', text, { uri });
}

function unsaved(failures: readonly SyncFailure[], uri: string): RecordpipeError {
  const { error, path } = failures[0];
  const count = failures.length === 1 ? '1 checkpoint' : `${failures.length} checkpoints`;
  const text = `${count} could not be saved to ${uri}: ${path}: ${sentenceOf(error)}. Local files remain; copy them before the next job`;
  return new RecordpipeError(error.code, text, {}, error);
}
