import { peekPath } from '../bytes/host-io.ts';
import { RecordpipeError } from '../errors.ts';
import { compileGlob } from '../objects/glob.ts';
import { contentKind, HEAD_BYTES } from './content-kind.ts';
import {
  DATASET_INFO,
  otherContents,
  otherName,
  refusal,
  refusalByPattern,
  type Selection,
  SOUGHT,
} from './selecting.ts';
import { walkFolder } from './walk-folder.ts';

/**
 * The files of a format in a folder and below: by name, and where a name is unknown by contents.
 * @throws RecordpipeError `not-found` where there are none; `access-denied`, `io-failure`, `aborted`
 */
export async function filesInFolder(path: string, selection: Selection): Promise<string[]> {
  const { format, filter, skipped, signal, onInfo } = selection;
  const folder = path.endsWith('/') ? path : `${path}/`;
  const files: string[] = [];
  const enter = (below: string, name: string): boolean => {
    if (!name.startsWith('.') && name !== '_temporary') return true;
    skipped.add(path, name.startsWith('.') ? 'hidden' : 'marker', below.slice(folder.length));
    return false;
  };
  for await (const { path: file, name, regular } of walkFolder(folder, { enter, signal })) {
    const below = file.slice(folder.length);
    if (name === DATASET_INFO) onInfo(file);
    const why = refusal(below, name, selection) ?? (regular ? undefined : 'special-file');
    if (why !== undefined) skipped.add(path, why, below);
    else if (filter.including) files.push(file);
    else {
      const named = otherName(name, format);
      if (named === 'records') files.push(file);
      else if (named !== 'unknown') skipped.add(path, named.reason, below, named.detail);
      else {
        // What cannot be opened is taken: reading it says what is wrong.
        const head = peekPath(file, HEAD_BYTES)?.head;
        const is = head && otherContents(await contentKind(head), format);
        if (is === undefined) files.push(file);
        else skipped.add(path, 'other-contents', below, is);
      }
    }
  }
  if (files.length > 0) return files;
  throw new RecordpipeError('not-found', `no ${SOUGHT[format]}${skippedText(selection, path)}`, {
    uri: path,
  });
}

/**
 * The files whose paths match a pattern.
 * @throws RecordpipeError `not-found` where there are none; `access-denied`, `io-failure`, `aborted`
 */
export async function filesMatching(pattern: string, selection: Selection): Promise<string[]> {
  const { skipped, signal } = selection;
  const glob = compileGlob(pattern);
  const folder = glob.prefix.slice(0, glob.prefix.lastIndexOf('/') + 1);
  const files: string[] = [];
  const walk = {
    enter: (path: string) => glob.mayMatchBelow(path),
    onDenied: (path: string) => skipped.add(pattern, 'unreadable-folder', path),
    signal,
  };
  try {
    for await (const { path, name, regular } of walkFolder(folder, walk)) {
      if (!glob.matches(path)) continue;
      const below = path.slice(folder.length);
      const why = refusalByPattern(pattern, below, name, selection) ?? (regular ? undefined : 'special-file');
      if (why === undefined) files.push(path);
      else skipped.add(pattern, why, below);
    }
  } catch (error) {
    if (!(error instanceof RecordpipeError && error.code === 'not-found')) throw error;
  }
  if (files.length > 0) return files;
  const text = `no file matches this pattern; check it, and quote it for the shell${skippedText(selection, pattern)}`;
  throw new RecordpipeError('not-found', text, { uri: pattern });
}

function skippedText({ skipped }: Selection, uri: string): string {
  const found = skipped.notices().filter((notice) => notice.uri === uri);
  return found.map(({ message }) => `; ${message}`).join('');
}
