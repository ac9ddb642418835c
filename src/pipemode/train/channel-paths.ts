import { basename } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { pathOf } from '../../storage/local/list-files.ts';
import { isRemote } from '../../storage/registry.ts';

/** Maximum length of a file name on common file systems, in bytes. */
const MAX_NAME_BYTES = 255;
/** Characters that file names cannot contain. On Windows, this includes folder separators. */
const NOT_IN_NAMES = process.platform === 'win32' ? ['\0', ...'<>:"|?*\\'] : ['\0'];

/**
 * Assigns paths in the folder of a channel to objects. A path is always below the folder, and no
 * two objects have the same path.
 *
 * For an `S3Prefix` or a `ManifestFile`, the path is the part of the address after the prefix. A
 * prefix without a final slash may name a folder or end in the middle of a name: with prefix
 * `train`, the object `train/a` becomes the file `a`, and `train-1/a` becomes `train-1/a`. An
 * object whose address equals the prefix keeps its name. For an augmented manifest, the path is the
 * address itself: `s3://bucket/key` becomes `bucket/key`.
 */
export class ChannelPaths {
  readonly #prefix: string | undefined;
  /** Addresses of objects by path. */
  readonly #files = new Map<string, string>();
  readonly #folders = new Set<string>();

  /** @param prefix see `ChannelContent.prefix` */
  constructor(prefix: string | undefined) {
    this.#prefix = prefix;
  }

  /**
   * Adds an object. Returns its path, or undefined if it was already added.
   * @throws RecordpipeError `unsupported-source` for an address that cannot be a path, or that
   *   conflicts with another object
   */
  add(uri: string): string | undefined {
    return this.#add(checkedPath(this.#relative(uri), uri), uri);
  }

  /**
   * Adds the copy of a manifest. Returns its path, which is its file name. @throws like {@link add}
   */
  addManifest(uri: string): string {
    return this.#add(checkedPath(basename(nameOf(uri)), uri), uri) as string;
  }

  #add(path: string, uri: string): string | undefined {
    const other = this.#files.get(path);
    if (other === uri) return undefined;
    if (other !== undefined) throw notAFile(uri, `${other} maps to the same file, ${path}`);
    if (this.#folders.has(path)) throw notAFile(uri, `other objects require ${path} to be a folder`);
    this.#addFolders(path.lastIndexOf('/'), path, uri);
    this.#files.set(path, uri);
    return path;
  }

  /**
   * Adds a folder that exists only as a marker. Returns its path, or undefined for the channel's
   * own folder.
   */
  addFolder(uri: string): string | undefined {
    const relative = this.#relative(uri).replace(/\/+$/, '');
    if (relative === '') return undefined;
    const path = checkedPath(relative, uri);
    this.#addFolders(path.length, path, uri);
    return path;
  }

  /** Adds the folder that ends at `end` and its parents. */
  #addFolders(end: number, path: string, uri: string): void {
    for (let at = end; at > 0; at = path.lastIndexOf('/', at - 1)) {
      const folder = path.slice(0, at);
      if (this.#folders.has(folder)) return;
      const file = this.#files.get(folder);
      if (file !== undefined) throw notAFile(file, `${uri} requires ${folder} to be a folder`);
      this.#folders.add(folder);
    }
  }

  #relative(uri: string): string {
    const name = nameOf(uri);
    if (this.#prefix === undefined) return name.replace(/^s3:\/\//, '');
    const prefix = nameOf(this.#prefix);
    const folder = prefix.endsWith('/') ? prefix : `${prefix}/`;
    return name.startsWith(folder) ? name.slice(folder.length) : name.slice(prefix.lastIndexOf('/') + 1);
  }
}

function nameOf(uri: string): string {
  return isRemote(uri) ? uri : pathOf(uri);
}

/** Checks a path and returns it without empty parts, as a file system interprets it. */
function checkedPath(relative: string, uri: string): string {
  const parts = relative.split('/').filter((part) => part !== '');
  if (parts.length === 0 || relative.endsWith('/'))
    throw notAFile(uri, 'its name ends with a slash, but it is not empty');
  for (const part of parts) {
    if (part === '.' || part === '..')
      throw notAFile(uri, `its name contains the path element ${JSON.stringify(part)}`);
    if (NOT_IN_NAMES.some((one) => part.includes(one)))
      throw notAFile(uri, 'its name contains characters that file names cannot contain');
    const bytes = Buffer.byteLength(part);
    if (bytes > MAX_NAME_BYTES)
      throw notAFile(
        uri,
        `an element of its path has ${bytes} bytes, but file names have at most ${MAX_NAME_BYTES}`,
      );
  }
  return parts.join('/');
}

function notAFile(uri: string, why: string): RecordpipeError {
  const what = `the object cannot be stored as a file: ${why}; rename it, or read the channel in Pipe mode (inputMode)`;
  return new RecordpipeError('unsupported-source', what, { uri });
}
