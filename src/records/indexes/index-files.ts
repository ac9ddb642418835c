import { extname } from 'node:path';
import { RecordpipeError } from '../../errors.ts';
import { indexMismatch, malformedIndex } from '../../formats/index-errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import type { FrameReader } from '../../formats/record-format.ts';
import { formatOfForeignIndex, recordFormat } from '../../formats/registry.ts';
import { exists, isSameFile } from '../../storage/inspect.ts';
import type { Access, StoredFile } from '../../storage/storage.ts';
import { openSmallFile } from '../../storage/stored-file.ts';
import type { FrameTable } from './frame-table.ts';
import {
  type LayoutOptions,
  layoutDifference,
  layoutOf,
  type RecordLayout,
  readOptions,
  relaidOut,
} from './layout-options.ts';
import { decodeIndex, fingerprintOf, looksLikeIndex } from './rpidx.ts';
import { readMXFrames, readVahidkIndex } from './text-indexes.ts';

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
  return kind && formatOfForeignIndex(kind);
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
  const format = formatOfForeignIndex(kind);
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

/** An index, read and found to fit its data. */
export interface LoadedIndex {
  readonly kind: IndexKind;
  readonly path: string;
  readonly layout: RecordLayout;
  readonly table: FrameTable;
  /** The data's time of last change when it was indexed, where the index says it. */
  readonly mtimeNs?: bigint;
}

/** How many headers show whether an index without a fingerprint fits. */
const HEADS = 64;

/**
 * Reads an index and checks that it fits its data, as far as that goes without reading all of it: size, fingerprint, and headers.
 * @throws RecordpipeError `malformed-index`, `index-mismatch`, `not-found`, `access-denied`, `io-failure`
 */
export async function loadIndex(
  file: StoredFile,
  path: string,
  options: Partial<LayoutOptions>,
): Promise<LoadedIndex> {
  const index = await openSmallFile(path, options);
  try {
    const head = headOf(index);
    if (looksLikeIndex(head)) return await loadOurs(file, index, options);
    return await loadText(file, index, head, options);
  } finally {
    await index.close();
  }
}

/** Verifies the frames of a file. */
export async function frameReader(
  file: StoredFile,
  layout: RecordLayout,
  count: number,
  { payloadCrc }: Partial<LayoutOptions>,
): Promise<FrameReader> {
  const options = readOptions(layout.format, { ...layout, ...(payloadCrc && { payloadCrc }) });
  return recordFormat(layout.format).frames(file.path, options, count);
}

async function loadOurs(
  file: StoredFile,
  index: StoredFile,
  options: Partial<LayoutOptions>,
): Promise<LoadedIndex> {
  const bytes = new Uint8Array(index.size);
  await index.read(bytes, 0, index.size, 0);
  const { layout, table, mtimeNs, fingerprint: expected } = decodeIndex(bytes, index.path);
  const wanted = relaidOut(layout, options);
  const different = layoutDifference(layout, wanted);
  if (different !== undefined) throw indexMismatch(different, { uri: index.path });
  checkSize(file, index, table.end);
  // An object's time is that of the service: one that is the same says that it is the same object. Its fingerprint costs 32 requests.
  const same = file.remote !== undefined && file.mtimeNs === mtimeNs;
  if (!same && (await fingerprintOf(file)) !== expected) {
    const text = `the content of ${file.path} has changed, although it still has ${file.size} bytes`;
    throw indexMismatch(text, { uri: index.path });
  }
  return { kind: 'rpidx', path: index.path, layout: wanted, table, mtimeNs };
}

async function loadText(
  file: StoredFile,
  index: StoredFile,
  head: Uint8Array,
  options: Partial<LayoutOptions>,
): Promise<LoadedIndex> {
  const kind = kindOf(head);
  if (index.size === 0 && file.size > 0) throw malformedIndex('it is empty', { uri: index.path });
  if (kind === undefined) throw malformedIndex('it is none of the known kinds', { uri: index.path });
  const layout = layoutOf(file, options);
  const { format } = layout;
  const indexed = formatIndexedBy(kind);
  if (head.length > 0 && indexed !== format)
    throw indexMismatch(`it is an index of ${indexed}, ${file.path} is ${format}`, { uri: index.path });
  const table = kind === 'vahidk' ? readVahidkIndex(index) : readMXFrames(index, file.size);
  checkSize(file, index, table.end);
  await checkHeads(file, index, table, await frameReader(file, layout, table.count, options));
  return { kind, path: index.path, layout, table };
}

function checkSize({ path, size }: StoredFile, index: StoredFile, indexed: number): void {
  if (indexed !== size)
    throw indexMismatch(`${path} has ${size} bytes, indexed are ${indexed}`, { uri: index.path });
}

/** Looks at the first header, the last, and some between. */
async function checkHeads(
  file: StoredFile,
  index: StoredFile,
  table: FrameTable,
  reader: FrameReader,
): Promise<void> {
  const { count } = table;
  const head = new Uint8Array(reader.headBytes);
  const some = Math.min(count, HEADS);
  const records = Array.from({ length: some }, (_, i) =>
    some === 1 ? 0 : Math.floor((i * (count - 1)) / (some - 1)),
  );
  await file.prepare(
    records
      .filter((record) => table.frameBytes(record) >= head.length)
      .map((record) => ({ position: table.start(record), length: head.length })),
  );
  for (const record of records) {
    const at = table.start(record);
    const bytes = table.frameBytes(record);
    if (bytes >= head.length) {
      file.readNow(head, 0, head.length, at);
      if (reader.headFits(head, 0, bytes, record)) continue;
    }
    const text = `a record of ${bytes} bytes is to begin at byte ${at} of ${file.path}, there is no such header`;
    throw indexMismatch(text, { uri: index.path, record });
  }
}
