import { join } from 'node:path';
import { EventLoopTurns } from '../../bytes/event-loop-turns.ts';
import { openFileSink } from '../../storage/local/file-output.ts';
import { isRemote } from '../../storage/registry.ts';
import type { ObjectRef } from '../../storage/storage.ts';
import type { JobChannel } from '../job/training-request.ts';
import { AugmentedLines } from '../streamer/augmented-lines.ts';
import type { ChannelContent } from '../streamer/channel-content.ts';
import { ChannelPaths } from './channel-paths.ts';
import type { ChannelFile } from './download-files.ts';

/** Number of bytes per write. */
const BLOCK_BYTES = 256 * 1024;

/** The files of a channel on this host. */
export interface FilePlan {
  /** Files to download. */
  readonly remote: readonly ChannelFile[];
  /** Files to link. */
  readonly local: readonly ChannelFile[];
  /** Paths of folders that exist only as markers. */
  readonly folders: readonly string[];
  readonly manifest: ManifestCopy | undefined;
  /** Size of all files to download; undefined if unknown. */
  readonly remoteBytes: number | undefined;
}

/** Inputs for deciding which files a channel has. */
export interface Planning {
  readonly channel: JobChannel;
  readonly content: ChannelContent;
  /** Folder markers, and files without records. */
  readonly extras: readonly ObjectRef[];
  readonly signal: AbortSignal;
  readonly warn: (code: string, message: string) => void;
}

/**
 * Determines the files that this host receives, and their paths. The objects are those that Pipe
 * mode streams in the first epoch, and the files without records that it skips.
 *
 * @throws RecordpipeError `unsupported-source` for an object that cannot be a file;
 *   `malformed-manifest`, `missing-attribute`, `aborted`
 */
export async function planFiles(planning: Planning): Promise<FilePlan> {
  const { channel, content, extras, signal, warn } = planning;
  const paths = new ChannelPaths(content.prefix);
  const files: ChannelFile[] = [];
  const folders: string[] = [];
  let duplicates = 0;
  const add = (object: ObjectRef, line?: number): void => {
    const path = paths.add(object.uri);
    if (path === undefined) duplicates++;
    else files.push({ object, path, line });
  };
  const turns = new EventLoopTurns(signal, 1000);
  let manifest: ManifestCopy | undefined;
  if (content instanceof AugmentedLines) {
    const kept: number[] = [];
    for (const index of content.lines(0)) {
      const items = content.itemsOf(index);
      if (items.length > 0) kept.push(index);
      for (const { object, line } of items) if (object !== undefined) add(object, line);
      if (turns.due()) await turns.take();
    }
    manifest = new ManifestCopy(paths.addManifest(channel.uri), content, kept);
    warn('augmented-files', augmentedNotice(manifest));
  } else {
    for await (const { object } of content.items(0)) {
      add(object as ObjectRef);
      if (turns.due()) await turns.take();
    }
    for (const object of extras) {
      if (!object.uri.endsWith('/')) add(object);
      else {
        const folder = paths.addFolder(object.uri);
        if (folder !== undefined) folders.push(folder);
      }
    }
    if (duplicates > 0) warn('duplicate-objects', duplicateNotice(duplicates));
  }
  const remote = files.filter(({ object }) => isRemote(object.uri));
  const local = files.filter(({ object }) => !isRemote(object.uri));
  return { remote, local, folders, manifest, remoteBytes: totalOf(remote) };
}

/** Returns the total size of files, or undefined if a size is unknown. */
function totalOf(files: readonly ChannelFile[]): number | undefined {
  let total = 0;
  for (const { object } of files) {
    if (object.size === undefined) return undefined;
    total += object.size;
  }
  return total;
}

function augmentedNotice({ path }: ManifestCopy): string {
  return `SageMaker may accept augmented manifests only in Pipe mode; here, the folder of the channel contains the lines of this host in ${path}, and each object s3://BUCKET/KEY as BUCKET/KEY`;
}

function duplicateNotice(duplicates: number): string {
  const entries = duplicates === 1 ? '1 duplicate entry' : `${duplicates} duplicate entries`;
  return `the manifest has ${entries}; File mode stores an object once, but Pipe mode streams it each time`;
}

/** The copy of an augmented manifest, with the lines of one host. */
export class ManifestCopy {
  /** Path relative to the folder of the channel. */
  readonly path: string;
  readonly #lines: AugmentedLines;
  readonly #kept: readonly number[];

  /** @param kept indices of the lines to copy, in order */
  constructor(path: string, lines: AugmentedLines, kept: readonly number[]) {
    this.path = path;
    this.#lines = lines;
    this.#kept = kept;
  }

  /**
   * Writes the lines unchanged, each with a line feed.
   * @param skipped addresses of missing objects, whose lines are skipped
   */
  async write(folder: string, skipped: ReadonlySet<string>): Promise<void> {
    const path = join(folder, this.path);
    const sink = await openFileSink(path, 'wx', {}, path);
    try {
      for (const block of this.#blocks(skipped)) await sink.write(block);
    } catch (error) {
      await sink.destroy();
      throw error;
    }
    await sink.close();
  }

  *#blocks(skipped: ReadonlySet<string>): Generator<Uint8Array, void, undefined> {
    let block: string[] = [];
    let length = 0;
    for (const index of this.#kept) {
      if (skipped.size > 0 && this.#names(index, skipped)) continue;
      const line = Buffer.from(this.#lines.line(index)).toString('latin1');
      block.push(line, '\n');
      length += line.length + 1;
      if (length < BLOCK_BYTES) continue;
      yield Buffer.from(block.join(''), 'latin1');
      block = [];
      length = 0;
    }
    yield Buffer.from(block.join(''), 'latin1');
  }

  /** Reports whether a line names one of these objects. */
  #names(index: number, uris: ReadonlySet<string>): boolean {
    return this.#lines.itemsOf(index).some(({ object }) => object !== undefined && uris.has(object.uri));
  }
}
