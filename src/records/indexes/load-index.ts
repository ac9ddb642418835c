import { indexMismatch } from '../../formats/index-mismatch.ts';
import type { FrameReader } from '../../formats/record-format.ts';
import { recordFormat } from '../../formats/registry.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { openSmallFile } from '../../storage/stored-file.ts';
import { formatIndexedBy, headOf, type IndexKind, kindOf } from './find-index.ts';
import type { FrameTable } from './frame-table.ts';
import { fingerprint, malformedIndex } from './index-errors.ts';
import {
  type LayoutOptions,
  layoutDifference,
  layoutOf,
  type RecordLayout,
  readOptions,
  relaidOut,
} from './layout-options.ts';
import { readMXFrames } from './mx-index.ts';
import { decodeIndex, looksLikeIndex } from './rpidx.ts';
import { readVahidkIndex } from './text-indexes.ts';

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
  if (!same && (await fingerprint(file)) !== expected) {
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
