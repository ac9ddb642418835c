import { hex32, readU32 } from '../bytes/little-endian.ts';
import { describeForeignFile, firstNonText, foreignText } from '../bytes/sniff.ts';
import { crc32c, maskCrc32c } from '../crc32c/crc32c.ts';
import { certainFormat, hasRecordIOMagic, hasTFRecordHeader } from '../formats/format-name.ts';
import type { FormatName } from '../formats/record-format.ts';
import { PART_HEADER_BYTES, RECORDIO_MAGIC } from '../formats/recordio/layout.ts';
import { HEADER_BYTES, LENGTH_BYTES } from '../formats/tfrecord/layout.ts';

/** The format of a file, and by what it was told; or why it cannot be told. */
export type DetectedFormat =
  | {
      readonly format: FormatName;
      /** By what it was told. */
      readonly reason: string;
    }
  | {
      readonly format: undefined;
      /** Why none fits. */
      readonly reason: string;
      /** What the file seems to be instead, as a noun with its article, where that is known. */
      readonly looksLike?: string;
    };

/**
 * The format of a file by its first bytes, uncompressed: TFRecord by the checksum of its first length, RecordIO by its magic number, text by
 * being text. A file whose very beginning is damaged is told by the next good record in `head`. Of a file of another kind (HTML, a Git LFS
 * pointer, Parquet, npy, zip, tar, zstd, …) the reason says what it is.
 *
 * @param head the first bytes; 12 tell what is undamaged, 512 what is text or of another kind
 * @example
 * ```ts
 * import { detectFormat, encodeTFRecord } from 'recordpipe';
 * console.log(detectFormat(encodeTFRecord(new Uint8Array(3))).format); // tfrecord
 * console.log(detectFormat(new TextEncoder().encode('PAR1\x15\x04\x15\x10')).looksLike); // a Parquet file
 * ```
 */
export function detectFormat(head: Uint8Array): DetectedFormat {
  const certain = certainFormat(head);
  if (certain !== undefined) return { format: certain, reason: CERTAIN[certain] };
  const page = foreignText(head);
  if (page !== undefined) return foreign(page);
  const nonText = firstNonText(head);
  if (head.length > 0 && nonText < 0) return { format: 'textline', reason: 'it is text' };
  const other = describeForeignFile(head);
  if (other !== undefined && other !== ZEROS) return foreign(other);
  return damaged(head) ?? (other === undefined ? unknown(head, nonText) : foreign(other));
}

const CERTAIN = {
  tfrecord: 'the checksum of its first length is good',
  recordio: 'it begins with the magic number',
};

/** A weak sign: a damaged file may have it. */
const ZEROS = 'nothing but zero bytes';

function foreign(looksLike: string): DetectedFormat {
  return { format: undefined, reason: `this looks like ${looksLike}`, looksLike };
}

/** A file with damage at its very beginning, told by what follows. */
function damaged(head: Uint8Array): DetectedFormat | undefined {
  const record = findHeader(head);
  if (record > 0)
    return { format: 'tfrecord', reason: `its first header is damaged, a good one is at byte ${record}` };
  for (let at = 4; at + PART_HEADER_BYTES <= head.length; at += 4) {
    if (hasRecordIOMagic(head, at))
      return { format: 'recordio', reason: `its first magic number is damaged, a good one is at byte ${at}` };
  }
  // The upper half of a length is zero in all but absurd files.
  if (head.length === 0 || head.subarray(4, LENGTH_BYTES).some((byte) => byte !== 0)) return undefined;
  const but = head.length < HEADER_BYTES ? 'its header is not whole' : 'their checksum is wrong';
  return { format: 'tfrecord', reason: `its first ${LENGTH_BYTES} bytes may be a length, but ${but}` };
}

/** Where the first TFRecord header with a good checksum is; -1 if there is none. */
function findHeader(head: Uint8Array): number {
  for (let at = 1; at + HEADER_BYTES <= head.length; at++) {
    if (readU32(head, at + 4) === 0 && hasTFRecordHeader(head, at)) return at;
  }
  return -1;
}

function unknown(head: Uint8Array, nonText: number): DetectedFormat {
  if (head.length === 0) return { format: undefined, reason: 'there are no bytes' };
  const text =
    nonText < head.length
      ? `no text (byte 0x${head[nonText].toString(16).padStart(2, '0')} at ${nonText})`
      : 'no text (mostly bytes beyond ASCII that are not UTF-8)';
  const others =
    head.length < HEADER_BYTES
      ? [`only ${head.length} bytes`]
      : [
          `no TFRecord (the checksum of its first length is ${hex32(maskCrc32c(crc32c(head.subarray(0, LENGTH_BYTES))))}, not ${hex32(readU32(head, LENGTH_BYTES))})`,
          `no RecordIO (it begins with ${hex32(readU32(head, 0))}, not ${hex32(RECORDIO_MAGIC)})`,
        ];
  return { format: undefined, reason: [...others, text].join(', ') };
}
