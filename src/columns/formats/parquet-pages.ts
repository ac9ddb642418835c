import { crc32 } from 'node:zlib';
import { intField, numberAt, ThriftReader, type ThriftStruct, thriftBytes } from './parquet-thrift.ts';

// Fields of PageHeader in parquet.thrift.
const PAGE = { bytes: 2, compressedBytes: 3, checksum: 4 } as const;

/** A page of a column: its header, and its contents, which may be compressed. */
interface Page {
  readonly header: ThriftStruct;
  readonly headerBytes: number;
  readonly contents: Uint8Array;
}

/** Yields the pages of a column chunk. @throws RangeError if a header is corrupt */
function* pagesOf(chunk: Uint8Array): Generator<Page> {
  for (let at = 0; at < chunk.length; ) {
    const reader = new ThriftReader(chunk, at);
    const header = reader.struct();
    const size = numberAt(header, PAGE.compressedBytes) ?? -1;
    const bytes = numberAt(header, PAGE.bytes) ?? -1;
    if (!(size >= 0 && reader.at + size <= chunk.length && bytes >= 0))
      throw new RangeError(`the page at byte ${at} of the column is out of range`);
    yield { header, headerBytes: reader.at - at, contents: chunk.subarray(reader.at, reader.at + size) };
    at = reader.at + size;
  }
}

/**
 * Checks the headers of the pages of a column chunk, and the checksums of those that have one.
 *
 * @throws RangeError if a page is corrupt
 */
export function checkPages(chunk: Uint8Array): void {
  for (const { header, contents } of pagesOf(chunk)) {
    const checksum = numberAt(header, PAGE.checksum);
    if (checksum !== undefined && checksum >>> 0 !== crc32(contents))
      throw new RangeError('the checksum of a page is wrong');
  }
}

/** The pages of a column chunk with checksums. */
export interface CheckedPages {
  /** Headers and contents, in order. */
  readonly pieces: readonly Uint8Array[];
  readonly bytes: number;
  /** By how many bytes the pages have grown in all. */
  readonly grown: number;
  /** By how many bytes the first page has grown. */
  readonly firstGrown: number;
}

/** Adds a checksum to each page of a column chunk, so that readers notice every damaged byte. */
export function withChecksums(chunk: Uint8Array): CheckedPages {
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  let firstGrown = 0;
  for (const { header, headerBytes, contents } of pagesOf(chunk)) {
    // The protocol stores checksums as signed numbers.
    header.set(PAGE.checksum, intField(crc32(contents) | 0, 32));
    const written = thriftBytes(header);
    if (pieces.length === 0) firstGrown = written.length - headerBytes;
    pieces.push(written, contents);
    bytes += written.length + contents.length;
  }
  return { pieces, bytes, grown: bytes - chunk.length, firstGrown };
}
