import { isRecordpipeError, RecordpipeError } from '../errors.ts';
import { compileGlob, isGlob } from './glob.ts';
import { pathOf, walkFolder } from './local/list-files.ts';
import { type ObjectOptions, objectOptions } from './object-options.ts';
import { addressOf, isRemote, storageOf } from './registry.ts';
import type { Access, ObjectInfo, Place, Storage } from './storage.ts';

/** A warning about a listing. */
export type ListWarning =
  /**
   * An object of 0 bytes whose key ends with a slash, as consoles create for a folder. It is
   * skipped.
   */
  | {
      /** Kind of the warning. */
      readonly type: 'folder-mark';
      /** Address of the object or prefix. */
      readonly uri: string;
    }
  /** Another object of 0 bytes. It is listed. */
  | {
      /** Kind of the warning. */
      readonly type: 'empty-object';
      /** Address of the object or prefix. */
      readonly uri: string;
    }
  /**
   * The prefix matches more than the folder with its name: `train` also matches `train2/…`.
   * `sibling` is the first such object. A trailing slash limits the prefix to the folder.
   */
  | {
      /** Kind of the warning. */
      readonly type: 'siblings';
      /** Address of the object or prefix. */
      readonly uri: string;
      /** Address of the first object outside the folder. */
      readonly sibling: string;
    };

/** Options for listing objects. */
export type ListOptions = Partial<ObjectOptions> & {
  /**
   * How to interpret the address. `name`: the first of these that applies: an object, a pattern, a
   * folder or prefix. It must match an object. `prefix`: everything that starts with the address,
   * possibly nothing. Default `name`.
   */
  readonly as?: 'name' | 'prefix' | undefined;
  /** Called for objects that represent folders, empty objects, and prefixes that match other folders. */
  readonly onWarning?: ((warning: ListWarning) => void) | undefined;
  /** Aborts the operation. */
  readonly signal?: AbortSignal | undefined;
};

/**
 * Lists the objects that an address refers to, in the order of the UTF-8 bytes of their keys.
 * Yields objects as they arrive, so that a listing of millions of objects is never held in memory.
 *
 * - `s3://bucket/key`: that object, if it exists, regardless of the characters in its key;
 * - `s3://bucket/train/*.tfrecord`, `…/**`, `…/{a,b}-?`: the objects that match, by the same rules
 *   as for file patterns. Only the prefix before the first wildcard is listed. Bucket names are
 *   literal;
 * - `s3://bucket/train/`: everything in that folder and below; `s3://bucket`: the whole bucket;
 * - `s3://bucket/train`: every key that starts with it, as with SageMaker's S3Prefix: `train/…` and
 *   also `train2/…`, for which `onWarning` is called;
 * - paths and `file:` URLs: the same for local files.
 *
 * Objects of 0 bytes whose keys end with a slash, which represent folders, are skipped.
 *
 * A listing that is truncated without a continuation token, repeats a token, or has impossible
 * sizes is an `io-failure`. Memory does not grow with the listing: 1,000,000 objects take under 200
 * MB. Buckets of S3 Express (`--x-s3`) list in no particular order, so all their objects are held
 * in memory and sorted.
 *
 * Rules: S3's API reference, ListObjectsV2.
 *
 * @param uri with unescaped keys
 * @param options see {@link ListOptions}
 * @returns an iterable that can be iterated only once; ending the iteration early ends all requests
 * @throws RecordpipeError while iterating: `object-missing` (`not-found` for files) if no object or
 *   bucket exists; `access-denied`, `retries-exhausted`, `io-failure`, `aborted`
 * @throws UsageError for an invalid address or option
 * @example
 * ```ts
 * import { mkdirSync, writeFileSync } from 'node:fs';
 * import { listObjects } from 'recordpipe/storage';
 * mkdirSync('listed', { recursive: true });
 * for (const name of ['b.tfrecord', 'a.tfrecord', 'notes.txt']) writeFileSync(`listed/${name}`, 'x');
 * const pattern = 'listed/*.tfrecord'; // or s3://bucket/listed/*.tfrecord
 * for await (const { uri, size } of listObjects(pattern)) console.log(uri, size);
 * // listed/a.tfrecord 1
 * // listed/b.tfrecord 1
 * ```
 */
export function listObjects(uri: string | URL, options?: ListOptions): AsyncIterable<ObjectInfo> {
  const { as = 'name', onWarning, signal, ...rest } = options ?? {};
  const address = addressOf(uri);
  const complete = objectOptions(rest);
  const warn = onWarning ?? (() => {});
  return (async function* listed() {
    const source = await storageOf(address, complete);
    if (as === 'prefix') yield* withoutFolders(source.list(address, signal), warn);
    else yield* named(source, address, warn, signal);
  })();
}

async function* named(
  source: Storage,
  uri: string,
  warn: (warning: ListWarning) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const place = source.place(uri);
  const exact = place.name === '' || place.name.endsWith('/') ? undefined : await found(source, uri, signal);
  if (exact !== undefined && !(exact instanceof Error)) {
    yield exact;
    return;
  }
  let any = false;
  try {
    const objects = isGlob(place.name) ? matching(source, place, signal) : below(source, place, warn, signal);
    for await (const object of withoutFolders(objects, warn)) {
      any = true;
      yield object;
    }
  } catch (error) {
    // An identity without list permission receives the error for the named object.
    if (!any && exact !== undefined && isRecordpipeError(error, 'access-denied')) throw exact;
    throw error;
  }
  if (!any) throw nothingThere(uri, place, exact);
}

/** Returns the object with exactly this name, or the error for it. */
async function found(
  source: Storage,
  uri: string,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo | RecordpipeError> {
  try {
    const { size, etag, modified } = await source.stat({ uri }, signal);
    return { uri, size, etag, modified };
  } catch (error) {
    if (isRecordpipeError(error, 'object-missing', 'not-found', 'access-denied', 'unsupported-source'))
      return error;
    throw error;
  }
}

async function* matching(
  source: Storage,
  { name, uriOf, nameOf }: Place,
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const glob = compileGlob(name);
  const enter = (folder: string): boolean => glob.mayMatchBelow(folder);
  for await (const object of source.list(uriOf(glob.prefix), signal, enter))
    if (glob.matches(nameOf(object.uri))) yield object;
}

async function* below(
  source: Storage,
  { name, uriOf, nameOf, folder }: Place,
  warn: (warning: ListWarning) => void,
  signal: AbortSignal | undefined,
): AsyncGenerator<ObjectInfo, void, undefined> {
  const uri = await folder(uriOf(name));
  const inside = `${name}/`;
  let within = false;
  let sibling: string | undefined;
  let warned = name === '' || name.endsWith('/');
  for await (const object of source.list(uri, signal)) {
    if (!warned) {
      if (nameOf(object.uri).startsWith(inside)) within = true;
      else sibling ??= object.uri;
      if (within && sibling !== undefined) {
        warn({ type: 'siblings', uri, sibling });
        warned = true;
      }
    }
    yield object;
  }
}

async function* withoutFolders(
  objects: AsyncIterable<ObjectInfo>,
  warn: (warning: ListWarning) => void,
): AsyncGenerator<ObjectInfo, void, undefined> {
  for await (const object of objects) {
    const { uri, size } = object;
    if (size > 0) yield object;
    else if (uri.endsWith('/')) warn({ type: 'folder-mark', uri });
    else {
      warn({ type: 'empty-object', uri });
      yield object;
    }
  }
}

function nothingThere(uri: string, { name, missing }: Place, exact: Error | undefined): RecordpipeError {
  const text = isGlob(name)
    ? 'no object matches this pattern; check it, and quote it for the shell'
    : 'no object has this name or begins with it; check the name';
  return new RecordpipeError(missing, text, { uri }, exact);
}

/** A file or object found by a walk. */
export interface WalkEntry {
  readonly path: string;
  /** Whether the entry is a regular file or an object. */
  readonly regular: boolean;
  /** Size of an object according to its listing. */
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
}

/** Options for walking a folder or prefix. */
interface WalkOptions extends Access {
  /**
   * Whether to read a folder, if the scheme has folders.
   * @param path path with a trailing slash
   */
  enter?(path: string, name: string): boolean;
}

/**
 * Yields batches of everything in a folder or below a prefix. Objects are in listing order; the
 * caller sorts local files.
 * @param prefix a folder with a trailing slash, or a prefix of addresses
 * @throws RecordpipeError `not-found`, `object-missing` (no such bucket), `access-denied`,
 *   `io-failure`, `retries-exhausted`, `aborted`
 */
export async function* walk(
  prefix: string,
  { enter = () => true, objects, signal }: WalkOptions,
): AsyncGenerator<readonly WalkEntry[], void, undefined> {
  if (!isRemote(prefix)) yield* walkFolder(pathOf(prefix), { enter, signal });
  else
    for await (const { uri, size, etag } of listObjects(prefix, { ...objects, as: 'prefix', signal }))
      yield [{ path: uri, regular: true, size, etag }];
}

/**
 * Yields batches of everything that matches a pattern.
 * @param onDenied called for each folder without read permission
 * @throws the same errors as {@link walk}, and `object-missing` if no object matches
 */
export async function* walkPattern(
  pattern: string,
  { objects, signal }: Access,
  onDenied: (path: string) => void,
): AsyncGenerator<readonly WalkEntry[], void, undefined> {
  if (isRemote(pattern)) {
    for await (const { uri, size, etag } of listObjects(pattern, { ...objects, signal }))
      yield [{ path: uri, regular: true, size, etag }];
    return;
  }
  const glob = compileGlob(pattern);
  const folder = glob.prefix.slice(0, glob.prefix.lastIndexOf('/') + 1);
  const enter = (path: string): boolean => glob.mayMatchBelow(path);
  for await (const files of walkFolder(folder, { enter, onDenied, signal }))
    yield files.filter(({ path }) => glob.matches(path));
}
