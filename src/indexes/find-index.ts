import { extname } from 'node:path';
import type { FormatName } from '../records/record-format.ts';
import type { DataFile } from './data-file.ts';
import { formatIndexedBy, indexKind, type WrittenKind } from './index-kind.ts';
import { type LayoutOptions, layoutOf } from './layout-options.ts';
import { isThere, type Reaching } from './open-data-file.ts';

/** The name of a file's index of our kind. */
export function indexPathOf(path: string): string {
  return `${path}.rpidx`;
}

/**
 * Where an index of a kind is written by default. MXNet's gluon, im2rec and the tools for TFRecord replace the extension by `.idx`.
 * An extension without a letter, or with a `-00000-of-00010`, is part of the name: replacing it would give several files the same index.
 *
 * @example
 * ```ts
 * import { defaultIndexPath } from 'recordpipe/indexes';
 * console.log(defaultIndexPath('data/train.rec', 'mx')); // data/train.idx
 * ```
 */
export function defaultIndexPath(path: string, kind: WrittenKind): string {
  return kind === 'rpidx' ? indexPathOf(path) : `${stemOf(path)}.idx`;
}

function stemOf(path: string): string {
  const extension = extname(path);
  return /^\.\w*[a-z]\w*$/i.test(extension) ? path.slice(0, path.length - extension.length) : path;
}

/** Names of indexes of text beside a file, in the order in which they are looked for. */
function textIndexPaths(path: string): string[] {
  const stem = stemOf(path);
  const names = [`${path}.idx`, `${stem}.idx`, `${stem}.tfindex`, `${path}.index`, `${stem}.index`];
  return [...new Set(names)].filter((name) => name !== path);
}

/**
 * The index beside a file: `FILE.rpidx`; else, of the kind that its format has, `FILE.idx`, or with `.idx`, `.tfindex` or `.index` in place
 * of its extension.
 */
export async function findIndex(
  file: DataFile,
  options: Partial<LayoutOptions> & Reaching,
): Promise<string | undefined> {
  const { path } = file;
  const ours = indexPathOf(path);
  if (await isThere(ours, options)) return ours;
  const others = await existing(textIndexPaths(path), options);
  if (others.length === 0) return undefined;
  const { format } = layoutOf(file, options);
  for (const other of others) if ((await formatOfText(other, options)) === format) return other;
  return undefined;
}

/** The index of a given kind beside a file. */
export async function findIndexOf(
  path: string,
  kind: WrittenKind,
  reaching: Reaching,
): Promise<string | undefined> {
  if (kind === 'rpidx') {
    const [ours] = await existing([indexPathOf(path)], reaching);
    return ours;
  }
  const format = kind === 'mx' ? 'recordio' : 'tfrecord';
  for (const other of await existing(textIndexPaths(path), reaching))
    if ((await formatOfText(other, reaching)) === format) return other;
  return undefined;
}

/** Where an index of a kind is built: in place of the one that exists, else under its usual name, unless the index of another file has it. */
export async function indexPathFor(path: string, kind: WrittenKind, reaching: Reaching): Promise<string> {
  const found = await findIndexOf(path, kind, reaching);
  const usual = found ?? defaultIndexPath(path, kind);
  if (found !== undefined || kind === 'rpidx' || !(await isThere(usual, reaching))) return usual;
  return (await formatOfText(usual, reaching)) === undefined ? usual : `${path}.idx`;
}

async function existing(paths: readonly string[], reaching: Reaching): Promise<string[]> {
  const found = await Promise.all(paths.map((path) => isThere(path, reaching)));
  return paths.filter((_, i) => found[i]);
}

/** What an index of text is one of; undefined where the file is something else, or cannot be read. */
async function formatOfText(path: string, reaching: Reaching): Promise<FormatName | undefined> {
  try {
    const kind = await indexKind(path, reaching);
    return kind === 'rpidx' ? undefined : formatIndexedBy(kind);
  } catch {
    return undefined;
  }
}
