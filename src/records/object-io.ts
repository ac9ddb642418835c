import { hostModule } from '../bytes/host.ts';
import type { ByteSource } from '../bytes/sources.ts';
import type { FormatName } from '../formats/names/index.ts';
import type { ObjectOptions } from '../storage/object-options.ts';
import type { ObjectRef } from '../storage/storage.ts';
import { isRemote } from '../storage/stored-source.ts';
import { type FileToRead, filesInTurn } from './files-in-turn.ts';
import type { PeekedSource } from './peeked-source.ts';

// Bundles for browsers contain no-object-io.ts instead (package.json, `browser`).

/** Options for expanding and reading sources that name several files. */
interface Reading {
  readonly format?: FormatName | 'auto' | undefined;
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly reuse?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Expands a source to files, like `expandInputs` of `recordpipe/check`: a folder, a pattern, a
 * prefix that ends with a slash, an `@list`, or an array of these and of files, in which objects
 * with a `uri` are taken as they are. Yields the sources of the files, one after another. Returns
 * undefined for any other source.
 */
export function sourcesOf(
  source: unknown,
  options: Reading,
): AsyncIterable<ByteSource | PeekedSource> | undefined {
  const names: readonly unknown[] = Array.isArray(source) ? source : [source];
  if (names.length === 0 || !names.every(isName)) return undefined;
  if (!Array.isArray(source) && (isRef(source) || !standsForFiles(source as string | URL))) return undefined;
  return filesInTurn((signal) => expanded(names, { ...options, signal }), options);
}

function isName(name: unknown): name is string | URL | ObjectRef {
  return typeof name === 'string' || name instanceof URL || isRef(name);
}

function isRef(name: unknown): name is ObjectRef {
  return typeof name === 'object' && name !== null && 'uri' in name && typeof name.uri === 'string';
}

function standsForFiles(name: string | URL): boolean {
  if (typeof name === 'string' && /^@|\/$|[*?[{]/.test(name)) return true;
  // Recognizes a bucket without a key.
  if (isRemote(name)) return typeof name === 'string' && /^[^/]+:\/\/[^/]+$/.test(name);
  const path = String(name).startsWith('file:') ? new URL(name) : name;
  try {
    return hostModule('node:fs')?.statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  } catch {
    return false;
  }
}

async function* expanded(
  names: readonly (string | URL | ObjectRef)[],
  { format, objects, signal }: Reading,
): AsyncGenerator<FileToRead, void, undefined> {
  const { Expansion } = await import('./inputs/expand.ts');
  const expansion = new Expansion({ format, objects, signal });
  for (const name of names) {
    if (isRef(name)) yield { path: name.uri, size: name.size, etag: name.etag };
    else yield* expansion.filesOf(name instanceof URL ? name.href : name);
  }
}
