import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import type { FormatName } from '../records/record-format.ts';
import { DataFile } from './data-file.ts';
import { fingerprint } from './fingerprint.ts';
import type { FrameReader } from './frame-reader.ts';
import type { FrameTable } from './frame-table.ts';
import { indexMismatch, malformedIndex } from './index-errors.ts';
import { type LayoutOptions, layoutOf, relaidOut } from './layout-options.ts';
import { readMXFrames } from './mx-index.ts';
import { layoutDifference, type RecordLayout } from './record-layout.ts';
import { decodeIndex, looksLikeIndex } from './rpidx.ts';
import { readVahidkIndex } from './vahidk-index.ts';

/** The kinds of index files: ours; of positions and lengths, as vahidk/tfrecord and DALI have it; of keys and positions, as MXNet has it. */
export type IndexKind = 'rpidx' | 'vahidk' | 'mx';

/** An index, read and found to fit its data. */
export interface LoadedIndex {
  readonly kind: IndexKind;
  readonly path: string;
  readonly layout: RecordLayout;
  readonly table: FrameTable;
  /** The data's time of last change when it was indexed, where the index says it. */
  readonly mtimeNs?: bigint;
}

/** As much holds the first line of an index of text. */
const HEAD_BYTES = 4096;
/** How many headers show whether an index without a fingerprint fits. */
const HEADS = 64;

/** The name of a file's index of our kind. */
export function indexPathOf(path: string): string {
  return `${path}.rpidx`;
}

/**
 * The index beside a file: `FILE.rpidx`; else, of the kind that its format has, `FILE.idx`, or with `.idx` or `.tfindex` in place of its extension.
 */
export function findIndex(file: DataFile, options: Partial<LayoutOptions>): string | undefined {
  const { path } = file;
  const ours = indexPathOf(path);
  if (existsSync(ours)) return ours;
  const stem = path.slice(0, path.length - extname(path).length);
  const others = [`${path}.idx`, `${stem}.idx`, `${stem}.tfindex`];
  const there = others.filter((other) => other !== path && existsSync(other));
  if (there.length === 0) return undefined;
  const { format } = layoutOf(file, options);
  return there.find((other) => formatIndexedBy(kindOfText(other)) === format);
}

/**
 * Reads an index and checks that it fits its data, as far as that goes without reading all of it: size, fingerprint, and headers.
 * @throws RecordpipeError `malformed-index`, `index-mismatch`, `not-found`, `access-denied`, `io-failure`
 */
export async function loadIndex(
  file: DataFile,
  path: string,
  options: Partial<LayoutOptions>,
): Promise<LoadedIndex> {
  const index = new DataFile(path);
  try {
    const head = headOf(index);
    if (looksLikeIndex(head)) return await loadOurs(file, index, options);
    return await loadText(file, index, head, options);
  } finally {
    await index.close();
  }
}

/** The kind of an index file; undefined where it is none. @throws RecordpipeError `not-found`, `access-denied`, `io-failure` */
export async function indexKind(path: string): Promise<IndexKind | undefined> {
  const file = new DataFile(path);
  try {
    const head = headOf(file);
    return looksLikeIndex(head) ? 'rpidx' : kindOf(head);
  } finally {
    await file.close();
  }
}

/** What checks the frames of a file. */
export async function frameReader(
  file: DataFile,
  layout: RecordLayout,
  count: number,
  { payloadCrc = 'crc32c' }: Partial<LayoutOptions>,
): Promise<FrameReader> {
  if (layout.format === 'tfrecord') {
    const { TFRecordFrames } = await import('./tfrecord-frames.ts');
    return new TFRecordFrames(file.path, payloadCrc);
  }
  if (layout.format === 'recordio') {
    const { RecordIOFrames } = await import('./recordio-frames.ts');
    return new RecordIOFrames(file.path, layout, count);
  }
  const { TextLineFrames } = await import('./textline-frames.ts');
  return new TextLineFrames(file.path, layout, count);
}

async function loadOurs(
  file: DataFile,
  index: DataFile,
  options: Partial<LayoutOptions>,
): Promise<LoadedIndex> {
  const bytes = new Uint8Array(index.size);
  await index.read(bytes, 0, index.size, 0);
  const { layout, table, mtimeNs, fingerprint: expected } = decodeIndex(bytes, index.path);
  const wanted = relaidOut(layout, options);
  const different = layoutDifference(layout, wanted);
  if (different !== undefined) throw indexMismatch(different, { uri: index.path });
  checkSize(file, index, table.end);
  if (fingerprint(file) !== expected) {
    const text = `the content of ${file.path} has changed, although it still has ${file.size} bytes`;
    throw indexMismatch(text, { uri: index.path });
  }
  return { kind: 'rpidx', path: index.path, layout: wanted, table, mtimeNs };
}

async function loadText(
  file: DataFile,
  index: DataFile,
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
  checkHeads(file, index, table, await frameReader(file, layout, table.count, options));
  return { kind, path: index.path, layout, table };
}

function checkSize({ path, size }: DataFile, index: DataFile, indexed: number): void {
  if (indexed !== size)
    throw indexMismatch(`${path} has ${size} bytes, indexed are ${indexed}`, { uri: index.path });
}

/** Looks at the first header, the last, and some between. */
function checkHeads(file: DataFile, index: DataFile, table: FrameTable, reader: FrameReader): void {
  const { count } = table;
  const head = new Uint8Array(reader.headBytes);
  const some = Math.min(count, HEADS);
  for (let i = 0; i < some; i++) {
    const record = some === 1 ? 0 : Math.floor((i * (count - 1)) / (some - 1));
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

/** The kind of an index of text; undefined where the file is something else, or cannot be read. */
function kindOfText(path: string): 'vahidk' | 'mx' | undefined {
  try {
    const file = new DataFile(path);
    const head = headOf(file);
    void file.close();
    return kindOf(head);
  } catch {
    return undefined;
  }
}

function headOf(file: DataFile): Uint8Array {
  const head = new Uint8Array(Math.min(file.size, HEAD_BYTES));
  file.readNow(head, 0, head.length, 0);
  return head;
}

/** By its first line; an empty file is an index of no records. */
function kindOf(head: Uint8Array): 'vahidk' | 'mx' | undefined {
  const text = Buffer.from(head.buffer, head.byteOffset, head.length).toString('latin1');
  if (text === '' || /^\d+ \d+\r?\n/.test(`${text}\n`)) return 'vahidk';
  return /^[^\n\t]+\t *\d+\s/.test(`${text}\n`) ? 'mx' : undefined;
}

function formatIndexedBy(kind: 'vahidk' | 'mx' | undefined): FormatName | undefined {
  return kind && (kind === 'vahidk' ? 'tfrecord' : 'recordio');
}
