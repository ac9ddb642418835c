import type { DataFile } from './data-file.ts';
import { malformedIndex } from './index-errors.ts';

const CHUNK_BYTES = 1024 * 1024;
const NEWLINE = 10;

/** Whole lines of an index of text: `bytes[0, end)`, whose last byte is a newline. The bytes are used again for the next lines. */
export interface TextLines {
  readonly bytes: Uint8Array;
  readonly end: number;
}

/**
 * The lines of a text file, about 1 MiB at a time; a last line without a newline gets one.
 * @throws RecordpipeError `malformed-index` for a line longer than that
 */
export function* wholeLines(file: DataFile): Generator<TextLines, void, undefined> {
  const bytes = new Uint8Array(CHUNK_BYTES + 1);
  let kept = 0;
  for (let at = 0; at < file.size; ) {
    const have = Math.min(CHUNK_BYTES - kept, file.size - at);
    if (have === 0) throw malformedIndex('a line has no end', { uri: file.path });
    file.readNow(bytes, kept, have, at);
    at += have;
    let filled = kept + have;
    if (at === file.size && bytes[filled - 1] !== NEWLINE) bytes[filled++] = NEWLINE;
    const end = bytes.lastIndexOf(NEWLINE, filled - 1) + 1;
    if (end > 0) yield { bytes, end };
    bytes.copyWithin(0, end, filled);
    kept = filled - end;
  }
}
