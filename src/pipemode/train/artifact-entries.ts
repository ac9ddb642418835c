import type { BigIntStats } from 'node:fs';
import { lstat, readdir, readlink } from 'node:fs/promises';
import { isAbsolute, join, normalize } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';

/** A folder whose contents become artifacts. */
export interface ArtifactFolder {
  /** Name of the host that wrote the folder, for messages. */
  readonly host: string;
  readonly path: string;
}

/** A file, link or folder that becomes an artifact. */
export interface ArtifactEntry {
  readonly host: string;
  readonly path: string;
  /** Name relative to the folder, with slashes. */
  readonly name: string;
  readonly type: 'file' | 'link' | 'folder';
  readonly stat: BigIntStats;
}

/** Receives notices about files that are not saved. */
export type OnArtifactWarning = (code: string, message: string) => void;

/**
 * Lists the contents of the folders of all hosts as one tree, sorted by name. Merges folders with
 * equal names. Of other entries with equal names, keeps only that of the first host, with a
 * warning: SageMaker requires hosts to write distinct names.
 *
 * @param folders folders, which may be missing
 * @throws RecordpipeError `access-denied`, `io-failure`; `unsupported-source` for a name that is
 *   not UTF-8
 */
export async function artifactEntries(
  folders: readonly ArtifactFolder[],
  onWarning: OnArtifactWarning,
): Promise<ArtifactEntry[]> {
  const entries = new Map<string, ArtifactEntry>();
  for (const folder of folders)
    for await (const entry of walk(folder, '', onWarning)) {
      const other = entries.get(entry.name);
      if (other === undefined) entries.set(entry.name, entry);
      else if (other.type !== 'folder' || entry.type !== 'folder')
        onWarning('name-clash', clash(other, entry));
    }
  return withoutOrphans(entries).sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Reports whether a folder is missing or empty. */
export async function isEmptyFolder(path: string): Promise<boolean> {
  return (await namesIn(path)).length === 0;
}

async function* walk(
  folder: ArtifactFolder,
  below: string,
  onWarning: OnArtifactWarning,
): AsyncGenerator<ArtifactEntry, void, undefined> {
  for (const own of await namesIn(join(folder.path, below))) {
    const name = below + own;
    const path = join(folder.path, name);
    const stat = await statOf(path);
    const type = typeOf(stat);
    if (type === undefined) {
      onWarning('not-saved', `${path} is not saved, because it is a socket, pipe or device`);
      continue;
    }
    if (type === 'link') await checkLink(path, name, onWarning);
    yield { host: folder.host, path, name, type, stat };
    if (type === 'folder') yield* walk(folder, `${name}/`, onWarning);
  }
}

async function namesIn(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).sort();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw fileError(error, path);
  }
}

/** Returns the status of an entry without following links. */
export async function statOf(path: string): Promise<BigIntStats> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    throw fileError(error, path);
  }
}

function typeOf(stat: BigIntStats): ArtifactEntry['type'] | undefined {
  if (stat.isDirectory()) return 'folder';
  if (stat.isSymbolicLink()) return 'link';
  return stat.isFile() ? 'file' : undefined;
}

/** Warns about a link that points outside the archive, because its target is not saved. */
async function checkLink(path: string, name: string, onWarning: OnArtifactWarning): Promise<void> {
  const target = await readlink(path);
  const end = normalize(join(name, '..', target));
  if (!isAbsolute(target) && end !== '..' && !end.startsWith('../')) return;
  const text = `${path} links to ${target}, which is outside the archive; write the file itself instead of a link`;
  onWarning('link-outside', text);
}

function clash(kept: ArtifactEntry, skipped: ArtifactEntry): string {
  return `${kept.host} and ${skipped.host} both wrote ${kept.name}; only the file from ${kept.host} is saved; use distinct names on each host, or write the file on one host only`;
}

/** Removes entries below a name that is not a folder on the host whose entry was kept. */
function withoutOrphans(entries: ReadonlyMap<string, ArtifactEntry>): ArtifactEntry[] {
  const isOrphan = ({ name }: ArtifactEntry): boolean => {
    for (let at = name.indexOf('/'); at >= 0; at = name.indexOf('/', at + 1))
      if (entries.get(name.slice(0, at))?.type !== 'folder') return true;
    return false;
  };
  return [...entries.values()].filter((entry) => !isOrphan(entry));
}

/**
 * Checks that no entry has changed since it was listed.
 * @throws RecordpipeError `source-changed`
 */
export async function checkUnchanged(entries: readonly ArtifactEntry[]): Promise<void> {
  for (const { path, type, stat } of entries) {
    if (type === 'folder') continue;
    const now = await statOf(path).catch(() => undefined);
    if (now?.ino === stat.ino && now.size === stat.size && now.mtimeNs === stat.mtimeNs) continue;
    const text =
      'the file changed while it was being saved; stop all processes that write to the file, then save the file again';
    throw new RecordpipeError('source-changed', text, { uri: path });
  }
}
