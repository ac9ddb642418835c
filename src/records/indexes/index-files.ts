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
  changedLayout,
  type LayoutOptions,
  layoutDifference,
  layoutOf,
  type RecordLayout,
  readOptions,
} from './layout-options.ts';
import { decodeIndex, fingerprintOf, looksLikeIndex } from './rpidx.ts';
import { readMXFrames, readVahidkIndex } from './text-indexes.ts';

/**
 * Kinds of index files: recordpipe's own; positions and lengths, used by vahidk/tfrecord and DALI;
 * keys and positions, used by MXNet.
 */
export type IndexKind = 'rpidx' | 'vahidk' | 'mx';

/**
 * Kinds of indexes that can be built: recordpipe's own; for TFRecord, those of vahidk/tfrecord and
 * DALI, which have the same layout; for RecordIO, that of MXNet.
 */
export type WrittenKind = 'rpidx' | 'vahidk' | 'dali' | 'mx';

type TextKind = 'vahidk' | 'mx';

/** An index that matches its data. */
export interface LoadedIndex {
  readonly kind: IndexKind;
  readonly path: string;
  readonly layout: RecordLayout;
  readonly table: FrameTable;
  /** Modification time of the data when it was indexed, if the index stores it. */
  readonly mtimeNs?: bigint;
  /** Fingerprint of the data, if the index stores one. */
  readonly fingerprint?: number;
}

/** Size of the first read, which suffices for the first line of a text index. */
const HEAD_BYTES = 4096;
/**
 * Number of headers that are compared to check whether an index without a fingerprint matches its
 * data.
 */
const COMPARED_HEADERS = 64;

/**
 * Finds the index beside a file: `FILE.rpidx`, or an index of the kind for its format with the name
 * `FILE.idx`, or with `.idx`, `.tfindex` or `.index` in place of the extension.
 */
export async function findIndex(
  file: StoredFile,
  options: Partial<LayoutOptions> & Access,
): Promise<string | undefined> {
  const { path } = file;
  const own = ownIndexPath(path);
  if (await exists(own, options)) return own;
  const others = await existing(textIndexPaths(path), options);
  return others.length === 0 ? undefined : firstOfFormat(others, layoutOf(file, options).format, options);
}

/** Finds the index of a given kind beside a file. */
export async function findIndexOf(
  path: string,
  kind: WrittenKind,
  access: Access,
): Promise<string | undefined> {
  const own = ownIndexPath(path);
  if (kind === 'rpidx') return (await exists(own, access)) ? own : undefined;
  const format = formatOfForeignIndex(kind);
  return format && firstOfFormat(await existing(textIndexPaths(path), access), format, access);
}

/**
 * Returns the path at which to build an index of a kind: the path of an existing one, or else the
 * usual name, unless the index of another file has that name.
 */
export async function indexPathFor(path: string, kind: WrittenKind, access: Access): Promise<string> {
  const found = await findIndexOf(path, kind, access);
  const usual = found ?? defaultIndexPath(path, kind);
  if (found !== undefined || kind === 'rpidx' || !(await exists(usual, access))) return usual;
  return (await formatOfText(usual, access)) === undefined ? usual : `${path}.idx`;
}

/**
 * Returns the default path of an index. MXNet's gluon, im2rec and the tools for TFRecord replace
 * the extension with `.idx`. An extension without letters, or one that contains `-00000-of-00010`,
 * counts as part of the name; otherwise several files would share one index.
 *
 * @example
 * ```ts
 * import { defaultIndexPath } from 'recordpipe/records/indexes';
 * console.log(defaultIndexPath('data/train.rec', 'mx')); // data/train.idx
 * ```
 */
export function defaultIndexPath(path: string, kind: WrittenKind): string {
  return kind === 'rpidx' ? ownIndexPath(path) : `${stemOf(path)}.idx`;
}

/**
 * Throws if an index would replace its own data, even under another name.
 * @throws RecordpipeError `unsupported-source`
 */
export function refuseSameFile(indexPath: string, path: string): void {
  if (!isSameFile(indexPath, path)) return;
  const text = `the index is the same file as its data, ${path}; choose another name`;
  throw new RecordpipeError('unsupported-source', text, { uri: indexPath });
}

/**
 * Returns the kind of an index file, or undefined for any other file.
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`
 */
export async function indexKind(path: string, access: Access): Promise<IndexKind | undefined> {
  const file = await openSmallFile(path, access);
  try {
    const head = headOf(file);
    return looksLikeIndex(head) ? 'rpidx' : textKind(head);
  } finally {
    await file.close();
  }
}

/**
 * Reads an index and checks its size, its fingerprint and some headers against its data.
 * @param fingerprint whether to compare the fingerprint, which takes 32 requests for an object. Each
 *   record is checked against the index when it is read
 * @throws RecordpipeError `malformed-index`, `index-mismatch`, `not-found`, `access-denied`,
 *   `io-failure`
 */
export async function loadIndex(
  file: StoredFile,
  path: string,
  options: Partial<LayoutOptions>,
  fingerprint = true,
): Promise<LoadedIndex> {
  const index = await openSmallFile(path, options);
  try {
    const head = headOf(index);
    if (looksLikeIndex(head)) return await loadOwn(file, index, options, fingerprint);
    return await loadText(file, index, head, options);
  } finally {
    await index.close();
  }
}

/** Returns a reader that verifies the frames of a file. */
export async function frameReader(
  file: StoredFile,
  layout: RecordLayout,
  count: number,
  { payloadCrc }: Partial<LayoutOptions>,
): Promise<FrameReader> {
  const options = readOptions(layout.format, { ...layout, ...(payloadCrc && { payloadCrc }) });
  return recordFormat(layout.format).frames(file.path, options, count);
}

async function loadOwn(
  file: StoredFile,
  index: StoredFile,
  options: Partial<LayoutOptions>,
  compares: boolean,
): Promise<LoadedIndex> {
  const bytes = new Uint8Array(index.size);
  await index.read(bytes, 0, index.size, 0);
  const { layout, table, mtimeNs, fingerprint } = decodeIndex(bytes, index.path);
  const wanted = changedLayout(layout, options);
  const difference = layoutDifference(layout, wanted);
  if (difference !== undefined) throw indexMismatch(difference, { uri: index.path });
  checkSize(file, index, table.end);
  // The service sets an object's modification time, so equal times mean the same object. A
  // fingerprint would take 32 requests.
  const same = file.remote !== undefined && file.mtimeNs === mtimeNs;
  if (compares && !same && (await fingerprintOf(file)) !== fingerprint) {
    const text = `the content of ${file.path} has changed, although it still has ${file.size} bytes`;
    throw indexMismatch(text, { uri: index.path });
  }
  return { kind: 'rpidx', path: index.path, layout: wanted, table, mtimeNs, fingerprint };
}

async function loadText(
  file: StoredFile,
  index: StoredFile,
  head: Uint8Array,
  options: Partial<LayoutOptions>,
): Promise<LoadedIndex> {
  const kind = textKind(head);
  if (index.size === 0 && file.size > 0) throw malformedIndex('the index is empty', { uri: index.path });
  if (kind === undefined) throw malformedIndex('the kind of the index is unknown', { uri: index.path });
  const layout = layoutOf(file, options);
  const { format } = layout;
  const indexed = formatOfForeignIndex(kind);
  if (head.length > 0 && indexed !== format)
    throw indexMismatch(`the index is for a ${indexed} file, but ${file.path} is ${format}`, {
      uri: index.path,
    });
  const table = kind === 'vahidk' ? readVahidkIndex(index) : readMXFrames(index, file.size);
  checkSize(file, index, table.end);
  await checkHeaders(file, index, table, await frameReader(file, layout, table.count, options));
  return { kind, path: index.path, layout, table };
}

function checkSize({ path, size }: StoredFile, index: StoredFile, indexed: number): void {
  if (indexed !== size)
    throw indexMismatch(`${path} has ${size} bytes, but the index covers ${indexed}`, { uri: index.path });
}

/** Compares the first header, the last header, and some headers between them. */
async function checkHeaders(
  file: StoredFile,
  index: StoredFile,
  table: FrameTable,
  reader: FrameReader,
): Promise<void> {
  const { count } = table;
  const head = new Uint8Array(reader.headBytes);
  const compared = Math.min(count, COMPARED_HEADERS);
  const records = Array.from({ length: compared }, (_, i) =>
    compared === 1 ? 0 : Math.floor((i * (count - 1)) / (compared - 1)),
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
    const text = `${file.path} has no header for a ${bytes}-byte record at byte ${at}`;
    throw indexMismatch(text, { uri: index.path, record });
  }
}

/** Returns the first bytes of an index file. */
function headOf(file: StoredFile): Uint8Array {
  const head = new Uint8Array(Math.min(file.size, HEAD_BYTES));
  file.readNow(head, 0, head.length, 0);
  return head;
}

/**
 * Returns the kind of a text index, detected from its first line. An empty file is an index with no
 * records.
 */
function textKind(head: Uint8Array): TextKind | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  if (text === '' || /^\d+ \d+\r?\n/.test(`${text}\n`)) return 'vahidk';
  return /^[^\n\t]+\t *\d+\s/.test(`${text}\n`) ? 'mx' : undefined;
}

async function firstOfFormat(
  paths: readonly string[],
  format: FormatName,
  access: Access,
): Promise<string | undefined> {
  for (const path of paths) if ((await formatOfText(path, access)) === format) return path;
  return undefined;
}

/**
 * Returns the format of the data that a text index describes, or undefined if the file is not such
 * an index or cannot be read.
 */
async function formatOfText(path: string, access: Access): Promise<FormatName | undefined> {
  try {
    const kind = await indexKind(path, access);
    return kind === undefined || kind === 'rpidx' ? undefined : formatOfForeignIndex(kind);
  } catch {
    return undefined;
  }
}

async function existing(paths: readonly string[], access: Access): Promise<string[]> {
  const found = await Promise.all(paths.map((path) => exists(path, access)));
  return paths.filter((_, i) => found[i]);
}

function ownIndexPath(path: string): string {
  return `${path}.rpidx`;
}

/** Returns the possible paths of text indexes beside a file, in order of preference. */
function textIndexPaths(path: string): string[] {
  const stem = stemOf(path);
  const names = [`${path}.idx`, `${stem}.idx`, `${stem}.tfindex`, `${path}.index`, `${stem}.index`];
  return [...new Set(names)].filter((name) => name !== path);
}

function stemOf(path: string): string {
  const extension = extname(path);
  return /^\.\w*[a-z]\w*$/i.test(extension) ? path.slice(0, path.length - extension.length) : path;
}
