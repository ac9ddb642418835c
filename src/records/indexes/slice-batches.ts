import { isItemFailure } from '../../errors.ts';
import { RecordBatch } from '../../formats/batch.ts';
import type { ReadStats } from '../../formats/corruption.ts';
import { DAMAGED_OR_CHANGED, errorAt, indexMismatch } from '../../formats/index-mismatch.ts';
import { type AnyOptions, recordFormat } from '../../formats/registry.ts';
import type { RemoteReading, StoredFile } from '../../storage/storage.ts';
import { type Batches, readBatches } from '../record-reader.ts';
import type { FrameTable } from './frame-table.ts';
import type { RecordLayout } from './layout-options.ts';
import { type LayoutOptions, readOptions } from './layout-options.ts';
import { fresh } from './span-reader.ts';

const CHUNK_BYTES = 1024 * 1024;

/** A file, where its records lie, and how they are read. */
export interface IndexedFile {
  readonly file: StoredFile;
  readonly table: FrameTable;
  readonly layout: RecordLayout;
  readonly options: Partial<LayoutOptions>;
}

/**
 * The records `from` to `to`, read in order.
 * @throws as the format's reader; `index-mismatch` where others are found than the index says
 */
export async function* sliceBatches(
  { file, table, layout, options }: IndexedFile,
  from: number,
  to: number,
  stats: ReadStats,
): Batches {
  const start = table.start(from);
  await checkBorders({ file, table, layout, options }, from, to);
  const reading = readOptions(
    layout.format,
    { ...options, ...layout },
    { uri: file.path, maxRecordBytes: 2 ** 32 - 64 },
  );
  const chunks = chunksOf(file, start, table.start(to));
  let next = from;
  try {
    for await (const batch of readBatches(recordFormat(layout.format), chunks, reading, stats)) {
      if (next + batch.length > to || !lieAs(table, batch, next, start)) break;
      // The base that makes the batch's own offsets those of the file.
      const base = start + batch.offset(0) - batch.index[0];
      yield new RecordBatch(batch.bytes, batch.index, batch.length, next, base, 0);
      next += batch.length;
    }
  } catch (error) {
    if (!isItemFailure(error) || error.record === undefined) throw error;
    const record = from + error.record;
    throw errorAt(error, { uri: file.path, record, offset: start + (error.offset ?? 0) });
  }
  if (next === to) return;
  const text = `the records ${from} to ${to} are to lie here, only ${next - from} of them lie as it says`;
  throw indexMismatch(text, { uri: file.path, record: from, offset: start }, DAMAGED_OR_CHANGED);
}

/** Whether the records of a batch begin where those from `first` on are to begin: in lines, borders move and their number may stay. */
function lieAs(table: FrameTable, batch: RecordBatch, first: number, start: number): boolean {
  let at = table.start(first);
  for (let i = 0; i < batch.length; i++) {
    if (start + batch.offset(i) !== at) return false;
    at += table.frameBytes(first + i);
  }
  return true;
}

/** Lines have no headers: what lies before the first of them, and before the one behind the last, must be a delimiter. */
async function checkBorders({ file, table, layout }: IndexedFile, from: number, to: number): Promise<void> {
  const delimiter = recordFormat(layout.format).index.delimiter?.(layout as AnyOptions);
  if (delimiter === undefined) return;
  const found = new Uint8Array(delimiter.length);
  const borders = [from, to].filter((record) => record > 0 && record < table.count);
  await file.prepare(
    borders.map((record) => ({ position: table.start(record) - found.length, length: found.length })),
  );
  for (const record of borders) {
    const offset = table.start(record);
    file.readNow(found, 0, found.length, offset - found.length);
    if (found.every((byte, i) => byte === delimiter[i])) continue;
    const text = 'a line is to begin here, there is no delimiter before it';
    throw indexMismatch(text, { uri: file.path, record, offset }, DAMAGED_OR_CHANGED);
  }
}

/** The bytes `start` to `end`, read ahead: one chunk, or of remote files several that grow, so that a few records cost little. */
async function* chunksOf(
  file: StoredFile,
  start: number,
  end: number,
): AsyncGenerator<Uint8Array, void, undefined> {
  const { remote } = file;
  let at = start;
  let bytes = Math.min(CHUNK_BYTES, remote?.spanBytes ?? CHUNK_BYTES);
  const ahead: Promise<Uint8Array>[] = [];
  const read = async (): Promise<Uint8Array> => {
    const chunk = fresh(Math.min(bytes, end - at));
    const position = at;
    at += chunk.length;
    await file.read(chunk, 0, chunk.length, position);
    return chunk;
  };
  try {
    for (let depth = 1; at < end || ahead.length > 0; depth = deeper(depth, remote)) {
      const chunk: Uint8Array = await (ahead.shift() ?? read());
      while (at < end && ahead.length < depth) {
        const next = read();
        next.catch(() => {}); // thrown where it is awaited
        ahead.push(next);
      }
      if (remote !== undefined) bytes = Math.min(2 * bytes, remote.spanBytes);
      yield chunk;
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}

function deeper(depth: number, remote: RemoteReading | undefined): number {
  return remote === undefined ? depth : Math.min(2 * depth, remote.requests);
}
