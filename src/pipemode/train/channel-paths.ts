import { basename } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { pathOf } from '../../storage/local/list-files.ts';
import { isRemote } from '../../storage/registry.ts';

/** Maximum length of a file name on the usual file systems, in bytes. */
const MAX_NAME_BYTES = 255;
/** Characters that file names cannot contain. On Windows, some of them separate folders. */
const NOT_IN_NAMES = process.platform === 'win32' ? ['\0', ...'<>:"|?*\\'] : ['\0'];

/**
 * The paths of objects in the folder of a channel. A path is always below the folder, and no two
 * objects have the same path.
 *
 * With an `S3Prefix` or a `ManifestFile`, a path is what remains of the address after the prefix.
 * A prefix without a final slash ends at a folder or in the middle of a name: `train` makes
 * `train/a` the file `a`, and `train-1/a` the file `train-1/a`. An object whose address is the
 * prefix keeps its name. With an augmented manifest, the path is the address itself:
 * `s3://bucket/key` is the file `bucket/key`.
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
   * Adds an object. Returns its path, or undefined if it was added before.
   * @throws RecordpipeError `unsupported-source` for an address that cannot be a path, or that
   *   another object prevents
   */
  add(uri: string): string | undefined {
    return this.#add(checkedPath(this.#relative(uri), uri), uri);
  }

  /** Adds the copy of a manifest. Returns its path, which is its name. @throws like {@link add} */
  addManifest(uri: string): string {
    return this.#add(checkedPath(basename(nameOf(uri)), uri), uri) as string;
  }

  #add(path: string, uri: string): string | undefined {
    const other = this.#files.get(path);
    if (other === uri) return undefined;
    if (other !== undefined) throw notAFile(uri, `${other} becomes the same file, ${path}`);
    if (this.#folders.has(path)) throw notAFile(uri, `other objects need ${path} as a folder`);
    this.#addFolders(path.lastIndexOf('/'), path, uri);
    this.#files.set(path, uri);
    return path;
  }

  /** Adds a folder that exists only as a marker. Returns its path, or undefined for the channel. */
  addFolder(uri: string): string | undefined {
    const relative = this.#relative(uri).replace(/\/+$/, '');
    if (relative === '') return undefined;
    const path = checkedPath(relative, uri);
    this.#addFolders(path.length, path, uri);
    return path;
  }

  /** Adds the folder that ends at `end` and the folders around it. */
  #addFolders(end: number, path: string, uri: string): void {
    for (let at = end; at > 0; at = path.lastIndexOf('/', at - 1)) {
      const folder = path.slice(0, at);
      if (this.#folders.has(folder)) return;
      const file = this.#files.get(folder);
      if (file !== undefined) throw notAFile(file, `${uri} needs ${folder} as a folder`);
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

/** Returns a path without empty parts, as the file system reads it. */
function checkedPath(relative: string, uri: string): string {
  const parts = relative.split('/').filter((part) => part !== '');
  if (parts.length === 0 || relative.endsWith('/'))
    throw notAFile(uri, 'its name ends with a slash, but it has contents');
  for (const part of parts) {
    if (part === '.' || part === '..') throw notAFile(uri, `its name has the part ${JSON.stringify(part)}`);
    if (NOT_IN_NAMES.some((one) => part.includes(one)))
      throw notAFile(uri, 'its name has characters that a file name cannot have');
    const bytes = Buffer.byteLength(part);
    if (bytes > MAX_NAME_BYTES)
      throw notAFile(uri, `a part of its name has ${bytes} bytes, more than ${MAX_NAME_BYTES}`);
  }
  return parts.join('/');
}

function notAFile(uri: string, why: string): RecordpipeError {
  const what = `the object cannot become a file of the channel: ${why}; rename it, or read the channel in Pipe mode`;
  return new RecordpipeError('unsupported-source', what, { uri });
}
