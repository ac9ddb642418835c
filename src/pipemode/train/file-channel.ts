import { statSync, symlinkSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { checkAborted } from '../../bytes/abortable.ts';
import { UsageError } from '../../errors.ts';
import { isGlob } from '../../storage/glob.ts';
import { pathOf } from '../../storage/local/list-files.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { isRemote } from '../../storage/registry.ts';
import type { ObjectRef } from '../../storage/storage.ts';
import { withFileErrors } from '../job/config-file.ts';
import { type Hosts, hostRank } from '../job/resource-config.ts';
import type { JobChannel } from '../job/training-request.ts';
import { type ChannelContent, type HostShare, transferWarnings } from '../streamer/channel-content.ts';
import { openContent } from '../streamer/open-content.ts';
import { DEFAULT_STREAMER_OPTIONS } from '../streamer/streamer-options.ts';
import { clearFolder, StagedFolder } from './channel-folder.ts';
import { fullDisk, SpaceClaim } from './disk-space.ts';
import { type ChannelFile, downloadFiles, FolderMaker } from './download-files.ts';
import { mountPrefix } from './fast-file.ts';
import { foldersOf, linkFiles, linkTarget } from './link-files.ts';
import { type FilePlan, planFiles } from './plan-files.ts';

/** Progress of filling a channel. */
export interface FillProgress {
  /** Name of the channel. */
  readonly channel: string;
  readonly files: number;
  readonly bytes: number;
  readonly totalFiles?: number | undefined;
  /** Total size of the files. Undefined if sizes are unknown before the download. */
  readonly totalBytes?: number | undefined;
}

/** Options for filling a channel. Every field except `hosts` has a default. */
export interface FillOptions {
  /** The current host and all hosts that receive the channel, for `ShardedByS3Key`. */
  readonly hosts: Hosts;
  /** Options for accessing objects. */
  readonly objects?: Partial<ObjectOptions> | undefined;
  /**
   * What to do with data that an earlier run left in the folder. `refuse`, the default: an
   * `already-exists` error. `clear`: remove it. Only links themselves are removed, never their
   * targets.
   */
  readonly existing?: 'refuse' | 'clear' | undefined;
  /** Whether missing shards are an `incomplete-shards` error. By default, they cause a warning. */
  readonly strictShards?: boolean | undefined;
  /**
   * Whether to skip missing objects; in an augmented manifest, their lines. By default, a missing
   * object is an error.
   */
  readonly skipMissing?: boolean | undefined;
  /** How to handle an invalid line of an augmented manifest. The default is `error`. */
  readonly onBadLine?: 'error' | 'skip' | undefined;
  /** Maximum length of a line of an augmented manifest, in bytes. The default is 1 MiB. */
  readonly maxLineBytes?: number | undefined;
  /** Signal that ends the download with an `aborted` error and removes the downloaded files. */
  readonly signal?: AbortSignal | undefined;
  /** Called periodically with the progress. */
  readonly onProgress?: ((progress: FillProgress) => void) | undefined;
  readonly onWarning?: ((code: string, message: string) => void) | undefined;
}

/** A channel whose files are available. */
export interface FilledChannel {
  /** Number of files and their total size. */
  readonly files: number;
  readonly bytes: number;
  /**
   * Real paths of the folders that links point to. A program that reads the files needs access to
   * them.
   */
  readonly linkedFolders: readonly string[];
  /** Unmounts a mounted folder. Keeps files and links. May be called more than once. */
  close(): Promise<void>;
}

/**
 * Makes the data of a channel available as files, as SageMaker's File and FastFile modes do.
 *
 * **File.** Objects are downloaded into the folder, which appears once it is complete. Each host
 * receives the objects that Pipe mode streams to it in the first epoch, and also the files that
 * Pipe mode skips, such as indexes. The path of a file is the part of its key after the prefix; see
 * {@link ChannelPaths}. For an augmented manifest, the folder contains a copy with the lines of
 * this host, and each object `s3://bucket/key` as `bucket/key`. Local data is linked: a replicated
 * folder as a whole, everything else file by file.
 *
 * **FastFile.** A replicated prefix is mounted read-only with Mountpoint for Amazon S3 (`mount-s3`)
 * if it is installed. Otherwise, a warning states the reason, and the channel is filled as in File
 * mode.
 *
 * @param folder the folder of the channel, such as `/opt/ml/input/data/train`
 * @throws UsageError for a setting that File mode does not support (Gzip, RecordIO), a pattern, or
 *   data in the folder itself
 * @throws RecordpipeError `object-missing`, `not-found`, `object-changed`, `object-checksum`,
 *   `access-denied`, `retries-exhausted`, `malformed-manifest`, `missing-attribute`,
 *   `incomplete-shards`, `already-exists`, `unsupported-source` for an object that cannot be a
 *   file, `io-failure` (including a full disk), `aborted`
 */
export async function fillChannel(
  channel: JobChannel,
  folder: string,
  options: FillOptions,
): Promise<FilledChannel> {
  checkSettings(channel);
  return new ChannelFilling(channel, resolve(folder), options).run();
}

/** Checks that File mode supports the settings of a channel. @throws UsageError if it does not */
function checkSettings({ name, uri, inputMode, compression, recordWrapper }: JobChannel): void {
  const invalid = (option: string, what: string): UsageError =>
    new UsageError(`${option} of channel ${name}: ${what}`);
  if (inputMode === 'Pipe') throw invalid('inputMode', 'expected File or FastFile, got Pipe');
  const instead = 'remove this option, or read the channel in Pipe mode (inputMode)';
  if (compression !== 'None') throw invalid('compression', `not supported in ${inputMode} mode; ${instead}`);
  if (recordWrapper !== 'None')
    throw invalid('recordWrapper', `not supported in ${inputMode} mode; ${instead}`);
  if (isRemote(uri)) return;
  const path = pathOf(uri);
  if (isGlob(path) && statSync(path, { throwIfNoEntry: false }) === undefined)
    throw invalid(
      'uri',
      `expected a folder, file or prefix, got the pattern ${path}; name the folder, or list the files in a manifest (ManifestFile)`,
    );
}

/** Fills one channel. */
class ChannelFilling {
  readonly #channel: JobChannel;
  readonly #folder: string;
  readonly #options: FillOptions;
  readonly #signal: AbortSignal;
  readonly #share: HostShare | undefined;
  readonly #extras: ObjectRef[] = [];
  readonly #skipped = new Set<string>();
  #files = 0;
  #bytes = 0;

  constructor(channel: JobChannel, folder: string, options: FillOptions) {
    this.#channel = channel;
    this.#folder = folder;
    this.#options = options;
    this.#signal = options.signal ?? new AbortController().signal;
    this.#share = channel.distribution === 'ShardedByS3Key' ? hostRank(options.hosts) : undefined;
  }

  async run(): Promise<FilledChannel> {
    const content = await this.#open();
    try {
      const source = this.#sourceFolder();
      if (source !== undefined) return await this.#linkFolder(source, content);
      const plan = await planFiles({
        channel: this.#channel,
        content,
        extras: this.#extras,
        signal: this.#signal,
        warn: this.#warn,
      });
      const mounted = this.#channel.inputMode === 'FastFile' ? await this.#mount(plan) : undefined;
      return mounted ?? (await this.#fill(plan));
    } finally {
      await content.close();
    }
  }

  readonly #warn = (code: string, message: string): void => this.#options.onWarning?.(code, message);

  #open(): Promise<ChannelContent> {
    const { objects, strictShards = false, onBadLine, maxLineBytes } = this.#options;
    return openContent(this.#channel, {
      objects,
      strictShards,
      onBadLine: onBadLine ?? DEFAULT_STREAMER_OPTIONS.onBadLine,
      maxLineBytes: maxLineBytes ?? DEFAULT_STREAMER_OPTIONS.maxLineBytes,
      share: this.#share,
      signal: this.#signal,
      warn: this.#warn,
      onExtra: (object) => void this.#extras.push(object),
    });
  }

  /** Returns the path of a local folder if this host receives all of it. */
  #sourceFolder(): string | undefined {
    const { uri, dataType } = this.#channel;
    if (isRemote(uri) || dataType !== 'S3Prefix' || this.#share !== undefined) return undefined;
    const path = pathOf(uri);
    return statSync(path, { throwIfNoEntry: false })?.isDirectory() ? path : undefined;
  }

  async #linkFolder(source: string, content: ChannelContent): Promise<FilledChannel> {
    const target = await linkTarget(source, this.#folder);
    this.#clear();
    withFileErrors(this.#folder, () => symlinkSync(target, this.#folder));
    this.#files = content.count + this.#extras.length;
    this.#bytes = this.#extras.reduce((sum, { size = 0 }) => sum + size, content.bytesOf(0) ?? 0);
    this.#report(this.#files, this.#bytes);
    return this.#filled([target]);
  }

  /** Mounts the channel. Returns undefined, with a warning, if it cannot be mounted. */
  async #mount(plan: FilePlan): Promise<FilledChannel | undefined> {
    if (plan.remote.length === 0) return undefined;
    const prefix = this.#channel.uri.replace(/\/*$/, '/');
    let impossible = this.#notMountable(plan, prefix);
    if (impossible === undefined) {
      this.#clear();
      const mount = await mountPrefix(prefix, this.#folder, {
        objects: this.#options.objects,
        signal: this.#signal,
        warn: this.#warn,
      });
      if ('unmount' in mount) {
        this.#files = plan.remote.length;
        this.#bytes = plan.remoteBytes ?? 0;
        this.#report(this.#files, plan.remoteBytes);
        return this.#filled([], mount.unmount);
      }
      impossible = mount.impossible;
    }
    const what = `the channel is downloaded as in File mode, because it cannot be mounted with Mountpoint for Amazon S3: ${impossible}`;
    this.#warn('fastfile-as-file', what);
    return undefined;
  }

  #notMountable({ remote }: FilePlan, prefix: string): string | undefined {
    if (this.#channel.dataType !== 'S3Prefix') return 'only an S3Prefix can be mounted';
    if (this.#share !== undefined) return 'this host receives only its share of the objects (ShardedByS3Key)';
    const outside = remote.find(({ object, path }) => object.uri !== prefix + path);
    return outside && `${outside.object.uri} would be mounted under a different path, or not at all`;
  }

  async #fill(plan: FilePlan): Promise<FilledChannel> {
    const { remote, local, folders, manifest, remoteBytes } = plan;
    const linkedFolders = await foldersOf(local, this.#folder);
    this.#clear();
    const totalFiles = remote.length + local.length;
    const totalBytes = local.length === 0 ? remoteBytes : undefined;
    this.#report(totalFiles, totalBytes);
    const written = (bytes: number, isLast: boolean): void => {
      this.#bytes += bytes;
      if (isLast) this.#files++;
      this.#report(totalFiles, totalBytes);
    };
    const { objects, skipMissing = false } = this.#options;
    const common = { skipMissing, onSkipped: this.#skip };
    const staged = new StagedFolder(this.#folder);
    let space: SpaceClaim | undefined;
    try {
      space = new SpaceClaim(dirname(this.#folder), remoteBytes ?? 0);
      const maker = new FolderMaker(staged.path);
      for (const folder of folders) maker.make(folder);
      await linkFiles(local, staged.path, {
        ...common,
        signal: this.#signal,
        onLinked: (size) => written(size, true),
      });
      const transfer = { ...objects, signal: this.#signal, onEvent: transferWarnings(this.#warn) };
      await downloadFiles(remote, staged.path, {
        ...common,
        objects: transfer,
        onWritten: (bytes, isLast) => {
          space?.written(bytes);
          written(bytes, isLast);
        },
      });
      await manifest?.write(staged.path, this.#skipped);
      checkAborted(this.#signal);
      staged.publish();
    } catch (error) {
      staged.discard();
      throw fullDisk(error, this.#folder);
    } finally {
      space?.release();
    }
    return this.#filled(linkedFolders);
  }

  #clear(): void {
    clearFolder(this.#folder, { existing: this.#options.existing ?? 'refuse', warn: this.#warn });
  }

  readonly #skip = ({ object, line }: ChannelFile, error: Error): void => {
    this.#skipped.add(object.uri);
    const where = line === undefined ? '' : `; line ${line} of the manifest is skipped`;
    this.#warn('object-missing', `${error.message}${where}`);
  };

  #report(totalFiles: number, totalBytes: number | undefined): void {
    const { name } = this.#channel;
    const progress = { channel: name, files: this.#files, bytes: this.#bytes, totalFiles, totalBytes };
    this.#options.onProgress?.(progress);
  }

  #filled(linkedFolders: readonly string[], close?: () => Promise<void>): FilledChannel {
    let closing: Promise<void> | undefined;
    return {
      files: this.#files,
      bytes: this.#bytes,
      linkedFolders,
      close: () => {
        closing ??= close?.() ?? Promise.resolve();
        return closing;
      },
    };
  }
}
