import { extname } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import type { FormatName } from '../../formats/registry.ts';
import { exists, isSameFile } from '../../storage/inspect.ts';
import type { Access, StoredFile } from '../../storage/storage.ts';
import { openSmallFile } from '../../storage/stored-file.ts';
import { type LayoutOptions, layoutOf } from './layout-options.ts';
import { looksLikeIndex } from './rpidx.ts';

/**
 * Fails if an index would replace its data, also under another name.
 * @throws RecordpipeError `unsupported-source`
 */
export function refuseSameFile(indexPath: string, path: string): void {
  if (!isSameFile(indexPath, path)) return;
  const text = `the index is the same file as its data, ${path}; choose another name`;
  throw new RecordpipeError('unsupported-source', text, { uri: indexPath });
}

/** The kinds of index files: ours; of positions and lengths, as vahidk/tfrecord and DALI have it; of keys and positions, as MXNet has it. */
export type IndexKind = 'rpidx' | 'vahidk' | 'mx';

/** What indexes are written as: recordpipe's own; for TFRecord vahidk's and DALI's (the same layout); for RecordIO MXNet's. */
export type WrittenKind = 'rpidx' | 'vahidk' | 'dali' | 'mx';

/** As much holds the first line of an index of text. */
const HEAD_BYTES = 4096;

/** The kind of an index file; undefined where it is none. @throws RecordpipeError `not-found`, `access-denied`, `io-failure` */
export async function indexKind(path: string, access: Access): Promise<IndexKind | undefined> {
  const file = await openSmallFile(path, access);
  try {
    const head = headOf(file);
    return looksLikeIndex(head) ? 'rpidx' : kindOf(head);
  } finally {
    await file.close();
  }
}

/** The beginning of an index file. */
export function headOf(file: StoredFile): Uint8Array {
  const head = new Uint8Array(Math.min(file.size, HEAD_BYTES));
  file.readNow(head, 0, head.length, 0);
  return head;
}

/** By its first line; an empty file is an index of no records. */
export function kindOf(head: Uint8Array): 'vahidk' | 'mx' | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  if (text === '' || /^\d+ \d+\r?\n/.test(`${text}\n`)) return 'vahidk';
  return /^[^\n\t]+\t *\d+\s/.test(`${text}\n`) ? 'mx' : undefined;
}

/** The format of the data of an index of text. */
export function formatIndexedBy(kind: 'vahidk' | 'mx' | undefined): FormatName | undefined {
  return kind && (kind === 'vahidk' ? 'tfrecord' : 'recordio');
}

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
 * import { defaultIndexPath } from 'recordpipe/records/indexes';
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
  file: StoredFile,
  options: Partial<LayoutOptions> & Access,
): Promise<string | undefined> {
  const { path } = file;
  const ours = indexPathOf(path);
  if (await exists(ours, options)) return ours;
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
  access: Access,
): Promise<string | undefined> {
  if (kind === 'rpidx') {
    const [ours] = await existing([indexPathOf(path)], access);
    return ours;
  }
  const format = kind === 'mx' ? 'recordio' : 'tfrecord';
  for (const other of await existing(textIndexPaths(path), access))
    if ((await formatOfText(other, access)) === format) return other;
  return undefined;
}

/** Where an index of a kind is built: in place of the one that exists, else under its usual name, unless the index of another file has it. */
export async function indexPathFor(path: string, kind: WrittenKind, access: Access): Promise<string> {
  const found = await findIndexOf(path, kind, access);
  const usual = found ?? defaultIndexPath(path, kind);
  if (found !== undefined || kind === 'rpidx' || !(await exists(usual, access))) return usual;
  return (await formatOfText(usual, access)) === undefined ? usual : `${path}.idx`;
}

async function existing(paths: readonly string[], access: Access): Promise<string[]> {
  const found = await Promise.all(paths.map((path) => exists(path, access)));
  return paths.filter((_, i) => found[i]);
}

/** What an index of text is one of; undefined where the file is something else, or cannot be read. */
async function formatOfText(path: string, access: Access): Promise<FormatName | undefined> {
  try {
    const kind = await indexKind(path, access);
    return kind === 'rpidx' ? undefined : formatIndexedBy(kind);
  } catch {
    return undefined;
  }
}
