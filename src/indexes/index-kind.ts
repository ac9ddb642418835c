import type { FormatName } from '../records/record-format.ts';
import type { DataFile } from './data-file.ts';
import { openIndexFile, type Reaching } from './open-data-file.ts';
import { looksLikeIndex } from './rpidx.ts';

/** The kinds of index files: ours; of positions and lengths, as vahidk/tfrecord and DALI have it; of keys and positions, as MXNet has it. */
export type IndexKind = 'rpidx' | 'vahidk' | 'mx';

/** What indexes are written as: recordpipe's own; for TFRecord vahidk's and DALI's (the same layout); for RecordIO MXNet's. */
export type WrittenKind = 'rpidx' | 'vahidk' | 'dali' | 'mx';

/** As much holds the first line of an index of text. */
const HEAD_BYTES = 4096;

/** The kind of an index file; undefined where it is none. @throws RecordpipeError `not-found`, `access-denied`, `io-failure` */
export async function indexKind(path: string, reaching: Reaching): Promise<IndexKind | undefined> {
  const file = await openIndexFile(path, reaching);
  try {
    const head = headOf(file);
    return looksLikeIndex(head) ? 'rpidx' : kindOf(head);
  } finally {
    await file.close();
  }
}

/** The beginning of an index file. */
export function headOf(file: DataFile): Uint8Array {
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
