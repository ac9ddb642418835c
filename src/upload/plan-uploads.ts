import { stat } from 'node:fs/promises';
import { basename, relative, resolve, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPath } from '../bytes/arguments.ts';
import { UsageError } from '../errors.ts';
import { Expansion } from '../records/inputs/expand.ts';
import type { ExpandOptions, InputNotice } from '../records/inputs/input-options.ts';
import { compileGlob, isGlob } from '../storage/glob.ts';
import { withSlashes } from '../storage/local/local-paths.ts';
import { compareKeys, parseObjectUri } from '../storage/object-address.ts';
import { isRemote } from '../storage/registry.ts';

/** A file and its destination. */
export interface PlannedUpload {
  readonly path: string;
  readonly uri: string;
}

/**
 * Maps each file to its object. Files from folders and patterns keep their path relative to the
 * folder, or to the folder before the first wildcard; other files keep their base name. A
 * destination that ends with a slash, or consists only of a bucket, is a folder; any other
 * destination is the key of a single object.
 * @throws UsageError for standard input, for several files with a destination that is not a folder,
 *   and for two files that map to the same object
 * @throws RecordpipeError the same errors as `expandInputs`
 */
export async function planUploads(
  inputs: string | readonly string[],
  destination: string,
  options: ExpandOptions,
): Promise<{ readonly files: PlannedUpload[]; readonly notices: readonly InputNotice[] }> {
  checkPath('destination', destination);
  if (!destination.startsWith('s3://'))
    throw new UsageError(`destination: expected s3://bucket/key or s3://bucket/folder/, got ${destination}`);
  const { bucket, key } = parseObjectUri(destination);
  const found = new Map<string, { readonly path: string; readonly name: string }>();
  let folders = false;
  const expansion = new Expansion(options);
  for (const input of typeof inputs === 'string' ? [inputs] : inputs) {
    const base = await baseOf(input);
    folders ||= base !== undefined;
    for await (const { path } of expansion.filesOf(input)) {
      if (isRemote(path))
        throw new UsageError(
          `inputs: expected local files, got ${path}; to copy within S3, use recordpipe convert`,
        );
      if (path === '-')
        throw new UsageError(
          'inputs: standard input cannot be validated before it is sent; pass files instead',
        );
      if (!found.has(resolve(path))) found.set(resolve(path), { path, name: nameBelow(base, path) });
    }
  }
  const { notices } = await expansion.finish();
  const folder = key === '' || key.endsWith('/');
  if (!folder && (found.size > 1 || folders)) {
    const what = found.size > 1 ? `${found.size} files` : 'a folder or pattern';
    throw new UsageError(
      `destination: expected a folder for ${what}, got ${destination}; write ${destination}/`,
    );
  }
  const prefix = key === '' ? `s3://${bucket}/` : destination;
  const files = [...found.values()].sort((a, b) => compareKeys(a.path, b.path));
  const planned = files.map(({ path, name }) => ({ path, uri: folder ? prefix + name : destination }));
  return { files: distinct(planned), notices };
}

/** Returns the folder to which names are relative; undefined for a single file or a list. */
async function baseOf(input: string): Promise<string | undefined> {
  if (input === '-' || input.startsWith('@')) return undefined;
  const path = withSlashes(input.startsWith('file://') ? fileURLToPath(input) : input);
  const found = await stat(path).catch(() => undefined);
  if (found !== undefined) return found.isDirectory() ? path : undefined;
  if (!isGlob(path)) return undefined;
  const { prefix } = compileGlob(path);
  return prefix.slice(0, prefix.lastIndexOf('/') + 1) || '.';
}

function nameBelow(base: string | undefined, path: string): string {
  if (base === undefined) return basename(path);
  const name = relative(resolve(base), resolve(path)).replaceAll(sep, '/');
  // A pattern such as '{../x,y}/*' can match files outside its folder.
  return name.startsWith('../') ? basename(path) : name;
}

function distinct(planned: PlannedUpload[]): PlannedUpload[] {
  const seen = new Map<string, string>();
  for (const { path, uri } of planned) {
    const other = seen.get(uri);
    if (other !== undefined)
      throw new UsageError(
        `inputs: ${other} and ${path} would both be uploaded to ${uri}; upload them to different folders`,
      );
    seen.set(uri, path);
  }
  return planned;
}
