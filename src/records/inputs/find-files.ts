import { statSync } from 'node:fs';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { isGlob } from '../../storage/glob.ts';
import { type WalkEntry, walk, walkPattern } from '../../storage/list-objects.ts';
import { withSlashes } from '../../storage/local/local-paths.ts';
import { compareKeys } from '../../storage/object-address.ts';
import { isRemote } from '../../storage/registry.ts';
import type { Access } from '../../storage/storage.ts';
import { peekStored } from '../../storage/stored-source.ts';
import {
  DATASET_INFO,
  otherContents,
  otherName,
  refusal,
  refusalByPattern,
  type Selection,
  SOUGHT,
} from './input-options.ts';
import { contentKind, HEAD_BYTES, isRecordName } from './record-names.ts';

/** A file of an input. */
export interface FoundFile {
  /** Path of a file, `s3://` address, or `-` for standard input. */
  readonly path: string;
  /** Size in bytes, known only for objects, from their listing. */
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
  /** Expected number of records, from `dataset_info.json` in the folder of the file. */
  readonly expectedRecords?: number | undefined;
}

/**
 * A file, and whether the input names it individually rather than by a folder, a prefix or a
 * pattern.
 */
type Found = FoundFile & { readonly alone?: boolean };

/** Maximum number of objects below one prefix whose first bytes are requested. */
const MAX_INSPECTED = 32;

/**
 * Finds the files of a path, address, folder, prefix or pattern, in batches. Local files are sorted
 * by the bytes of their paths; objects are in the order of their listing. Each prefix is listed
 * once.
 * @throws RecordpipeError `not-found`, `object-missing` if there are no files; `access-denied`,
 *   `io-failure`, `retries-exhausted`, `aborted`
 */
export function findFiles(
  input: string,
  selection: Selection,
  access: Access,
): AsyncIterable<readonly Found[]> {
  return isRemote(input) ? remoteFiles(input, selection, access) : localFiles(input, selection, access);
}

async function* localFiles(
  given: string,
  selection: Selection,
  access: Access,
): AsyncGenerator<readonly Found[], void, undefined> {
  const path = withSlashes(given);
  const isFolder = folderAt(path);
  // A question mark in https://host/x?y is not a wildcard. Opening the address reports how to read
  // it.
  const isAddress = /^[a-z][a-z\d+.-]+:\/\//i.test(path);
  if (isFolder !== true && (isAddress || !(isFolder === undefined && isGlob(path)))) {
    yield [{ path, alone: true }];
    return;
  }
  const files: Found[] = [];
  const found = isFolder
    ? folderFiles(path, walkLocal(path, selection, access), selection, access)
    : matchingFiles(path, selection, access);
  for await (const batch of found) for (const file of batch) files.push(file);
  yield files.sort((a, b) => compareKeys(a.path, b.path));
}

/**
 * Reports whether a path is a folder. Returns undefined if the path does not exist or cannot be
 * inspected.
 */
function folderAt(path: string): boolean | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isDirectory();
  } catch {
    return undefined;
  }
}

function walkLocal(
  path: string,
  { skipped }: Selection,
  access: Access,
): AsyncIterable<readonly WalkEntry[]> {
  const folder = withSlash(path);
  const enter = (below: string, name: string): boolean => {
    if (!name.startsWith('.') && name !== '_temporary') return true;
    skipped.add(path, name.startsWith('.') ? 'hidden' : 'marker', below.slice(folder.length));
    return false;
  };
  return walk(folder, { ...access, enter });
}

async function* remoteFiles(
  uri: string,
  selection: Selection,
  access: Access,
): AsyncGenerator<readonly Found[], void, undefined> {
  const [, key] = /^[^/]*\/\/[^/]*\/?(.*)$/s.exec(uri) ?? ['', ''];
  if (isGlob(key)) {
    yield* matchingFiles(uri, selection, access);
    return;
  }
  const mayBeObject = key !== '' && !key.endsWith('/');
  if (mayBeObject && hasFileName(key, selection)) {
    yield [{ path: uri, alone: true }];
    return;
  }
  const listing = walk(key === '' ? withSlash(uri) : uri, access)[Symbol.asyncIterator]();
  if (mayBeObject && (await isObject(uri, listing))) yield [{ path: uri, alone: true }];
  else yield* folderFiles(uri, { [Symbol.asyncIterator]: () => listing }, selection, access);
}

function withSlash(path: string): string {
  return path.endsWith('/') ? path : `${path}/`;
}

function hasFileName(key: string, { format, filter }: Selection): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return !filter.including && (isRecordName(name, format) || /\.[A-Za-z][A-Za-z0-9]*$/.test(name));
}

/**
 * Reports whether an address is that of one object. If it is a prefix, the listing still yields its
 * first object.
 */
async function isObject(
  uri: string,
  listing: AsyncGenerator<readonly WalkEntry[], void, undefined>,
): Promise<boolean> {
  let first: IteratorResult<readonly WalkEntry[], void>;
  try {
    first = await listing.next();
  } catch (error) {
    // An identity without list permission may have read permission.
    if (isRecordpipeError(error, 'access-denied')) return true;
    throw error;
  }
  // The shortest key comes first.
  if (first.done || first.value[0].path === uri) {
    await listing.return();
    return true;
  }
  const next = listing.next.bind(listing);
  let pending: typeof first | undefined = first;
  listing.next = () => {
    const taken = pending;
    pending = undefined;
    return taken === undefined ? next() : Promise.resolve(taken);
  };
  return false;
}

/**
 * Finds the files of a format in a folder or below a prefix: by name, or by contents if the name is
 * unknown.
 */
async function* folderFiles(
  input: string,
  batches: AsyncIterable<readonly WalkEntry[]>,
  selection: Selection,
  access: Access,
): AsyncGenerator<readonly Found[], void, undefined> {
  const { format, filter, skipped, onInfo } = selection;
  const remote = isRemote(input);
  const folder = remote && !/^[^/]*\/\/[^/]*$/.test(input) ? parentOf(input) : withSlash(input);
  const inspector = new Inspector(selection, access);
  let any = false;
  for await (const entries of batches) {
    const found: Found[] = [];
    for (const entry of entries) {
      const below = entry.path.slice(folder.length);
      const name = below.slice(below.lastIndexOf('/') + 1);
      if (name === DATASET_INFO) onInfo(entry.path);
      const hidden = hiddenPart(below);
      const why = refusal(below, hidden ?? name, selection) ?? (entry.regular ? undefined : 'special-file');
      if (why !== undefined) {
        skipped.add(input, why, below);
        continue;
      }
      const named = filter.including ? 'records' : otherName(name, format);
      const judged = named === 'unknown' ? await inspector.judge(entry, name) : named;
      if (judged === 'records') found.push(foundOf(entry));
      else skipped.add(input, judged.reason, below, judged.detail);
    }
    any ||= found.length > 0;
    yield found;
  }
  if (any) return;
  const what = remote
    ? 'no object with records has this prefix (*.tfrecord, *.rec, *-00000-of-00012, …); to read objects with other names, use a pattern, or list the objects explicitly'
    : `no ${SOUGHT[format]}`;
  throw nothing(what, input, selection);
}

/** Returns the first part of a path that begins with a dot. */
function hiddenPart(path: string): string | undefined {
  return path.startsWith('.') || path.includes('/.')
    ? path.split('/').find((part) => part.startsWith('.'))
    : undefined;
}

async function* matchingFiles(
  pattern: string,
  selection: Selection,
  access: Access,
): AsyncGenerator<readonly Found[], void, undefined> {
  const { skipped } = selection;
  const folder = parentOf(pattern.slice(0, pattern.search(/[*?[{\\]/)));
  const onDenied = (path: string): void => skipped.add(pattern, 'unreadable-folder', path);
  let any = false;
  try {
    for await (const entries of walkPattern(pattern, access, onDenied)) {
      const found: Found[] = [];
      for (const entry of entries) {
        const below = entry.path.slice(folder.length);
        const name = below.slice(below.lastIndexOf('/') + 1);
        const why =
          refusalByPattern(pattern, below, name, selection) ?? (entry.regular ? undefined : 'special-file');
        if (why === undefined) found.push(foundOf(entry));
        else skipped.add(pattern, why, below);
      }
      any ||= found.length > 0;
      yield found;
    }
  } catch (error) {
    // A pattern in a local folder that does not exist matches nothing.
    if (!isRecordpipeError(error, 'not-found')) throw error;
  }
  if (any) return;
  const what = isRemote(pattern)
    ? 'no object matches this pattern, or all matching objects were skipped'
    : 'no file matches this pattern; check it, and quote it for the shell';
  throw nothing(what, pattern, selection);
}

/** Returns the part of a path up to and including its last slash. */
function parentOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/') + 1);
}

function foundOf({ path, size, etag }: WalkEntry): Found {
  return size === undefined ? { path } : { path, size, etag };
}

function nothing(what: string, uri: string, { skipped }: Selection): RecordpipeError {
  const reasons = skipped.notices().filter((notice) => notice.uri === uri);
  return new RecordpipeError('not-found', [what, ...reasons.map(({ message }) => message)].join('; '), {
    uri,
  });
}

type Judged = 'records' | { readonly reason: 'other-contents' | 'not-inspected'; readonly detail?: string };

/**
 * Classifies files with unknown names by their contents. Inspecting an object takes a request, so
 * one object represents all objects whose names have the same shape.
 */
class Inspector {
  readonly #selection: Selection;
  readonly #access: Access;
  readonly #kinds = new Map<string, Judged>();

  constructor(selection: Selection, access: Access) {
    this.#selection = selection;
    this.#access = access;
  }

  async judge(entry: WalkEntry, name: string): Promise<Judged> {
    const { path, size } = entry;
    // Treat a file that cannot be opened as an input, because reading it reports the error.
    if (!isRemote(path)) return this.#judgeHead(peekStored(path, HEAD_BYTES)?.head);
    if (size === 0) return { reason: 'other-contents', detail: 'an empty object' };
    const shape = path.slice(0, -name.length) + name.replace(UUID, '#').replace(/\d+/g, '#');
    const known = this.#kinds.get(shape);
    if (known !== undefined) return known;
    if (this.#kinds.size >= MAX_INSPECTED) return { reason: 'not-inspected' };
    const judged = await this.#inspect(entry);
    this.#kinds.set(shape, judged);
    return judged;
  }

  async #inspect({ path: uri, size, etag }: WalkEntry): Promise<Judged> {
    const { openObject } = await import('../../storage/read-objects.ts');
    const { objects, signal } = this.#access;
    try {
      const reading = { ...objects, firstPartBytes: HEAD_BYTES, signal };
      for await (const chunk of openObject({ uri, size, etag }, reading).chunks)
        return await this.#judgeHead(chunk.subarray(0, HEAD_BYTES));
    } catch (error) {
      if (isRecordpipeError(error, 'aborted')) throw error;
      // Reading the file reports the error.
    }
    return 'records';
  }

  async #judgeHead(head: Uint8Array | undefined): Promise<Judged> {
    const is = head && otherContents(await contentKind(head), this.#selection.format);
    return is === undefined ? 'records' : { reason: 'other-contents', detail: is };
  }
}

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/gi;
