import { endianness } from 'node:os';
import { crc32c } from '../../crc32c/crc32c.ts';
import { malformedIndex } from '../../formats/index-errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { type AnyOptions, formats, recordFormat } from '../../formats/registry.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { type ExtraBytes, FrameTable } from './frame-table.ts';
import type { RecordLayout } from './layout-options.ts';

/**
 * An index file: a header of 64 bytes, the delimiter of a text file (zero-padded to a multiple of
 * 8), and one number of 0, 1, 2 or 4 bytes per record: the size of its frame minus that of the
 * shortest frame. Frames follow each other from the first byte of the data to its last.
 * Little-endian.
 *
 *  0  8    magic
 *  8  u16  version, 1
 * 10  u8   format: 1 TFRecord, 2 RecordIO, 3 text
 * 11  u8   bytes per number
 * 12  u8   mode, see `RecordFormat.index`
 * 13  u8   zero
 * 14  u16  size of the delimiter
 * 16  u64  number of records
 * 24  u64  size of the data in bytes
 * 32  i64  modification time of the data, in nanoseconds since 1970
 * 40  u32  fingerprint of the data
 * 44  u32  size of the shortest frame in bytes
 * 48  u32  CRC-32C of the numbers
 * 52  8    zeros
 * 60  u32  CRC-32C of bytes 0 to 60 and the delimiter
 * 64       delimiter, padding, numbers
 */
export interface IndexFile {
  readonly layout: RecordLayout;
  readonly table: FrameTable;
  /** Modification time of the data in nanoseconds since 1970. */
  readonly mtimeNs: bigint;
  /** Fingerprint of the data; see {@link fingerprintOf}. */
  readonly fingerprint: number;
}

/**
 * Magic bytes of an index file. Like those of PNG, they expose a transfer that changes line ends or
 * stops at a control-Z.
 */
const MAGIC: Uint8Array = Uint8Array.of(0x89, 0x52, 0x50, 0x49, 0x58, 0x0d, 0x0a, 0x1a);
const VERSION = 1;
const HEADER_BYTES = 64;
const CRC_AT = 60;
const SWAPPED = endianness() === 'BE';

/** Encodes an index file as its header and its numbers. */
export function encodeIndex({ layout, table, mtimeNs, fingerprint }: IndexFile): [Uint8Array, Uint8Array] {
  const numbers = inFileOrder(table.extra);
  const described = recordFormat(layout.format).index;
  const stored = layout as AnyOptions;
  const delimiter = described.delimiter?.(stored) ?? new Uint8Array(0);
  const header = new Uint8Array(headerBytes(delimiter.length));
  const view = new DataView(header.buffer);
  header.set(MAGIC);
  view.setUint16(8, VERSION, true);
  view.setUint8(10, described.code);
  view.setUint8(11, table.extra.length === 0 ? 0 : table.extra.BYTES_PER_ELEMENT);
  view.setUint8(12, described.encodeMode(stored));
  view.setUint16(14, delimiter.length, true);
  view.setBigUint64(16, BigInt(table.count), true);
  view.setBigUint64(24, BigInt(table.end), true);
  view.setBigInt64(32, mtimeNs, true);
  view.setUint32(40, fingerprint, true);
  view.setUint32(44, table.shortest, true);
  view.setUint32(48, crc32c(numbers), true);
  header.set(delimiter, HEADER_BYTES);
  view.setUint32(CRC_AT, headerSum(header), true);
  return [header, numbers];
}

/** Reports whether the first bytes of a file are those of an index file. */
export function looksLikeIndex(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte);
}

/**
 * Decodes an index file and performs all checks that do not need its data.
 * @param bytes the whole file; do not change them, because the table refers to them
 * @throws RecordpipeError `malformed-index`
 */
export function decodeIndex(bytes: Uint8Array, uri: string): IndexFile {
  const bad = (what: string): Error => malformedIndex(what, { uri });
  if (!looksLikeIndex(bytes)) throw bad('it does not begin with the magic bytes of an index');
  if (bytes.length < HEADER_BYTES)
    throw bad(`it has ${bytes.length} bytes, fewer than its ${HEADER_BYTES}-byte header`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(8, true);
  if (version !== VERSION)
    throw bad(
      `its version is ${version}, but this release of recordpipe reads version ${VERSION}; use a newer release`,
    );
  const delimiterBytes = view.getUint16(14, true);
  const numbersAt = headerBytes(delimiterBytes);
  if (bytes.length < numbersAt)
    throw bad(`it has ${bytes.length} bytes, fewer than its ${numbersAt}-byte header`);
  const header = bytes.subarray(0, numbersAt);
  if (headerSum(header) !== view.getUint32(CRC_AT, true)) throw bad('the checksum of its header is wrong');
  const layout = decodeLayout(
    view.getUint8(10),
    view.getUint8(12),
    header.slice(HEADER_BYTES, HEADER_BYTES + delimiterBytes),
  );
  const width = view.getUint8(11);
  if (layout === undefined || ![0, 1, 2, 4].includes(width)) throw bad('its header has invalid values');
  const count = Number(view.getBigUint64(16, true));
  const numbers = bytes.subarray(numbersAt);
  if (!(count < 2 ** 32) || count * width !== numbers.length)
    throw bad(`${count} records need ${count * width} bytes, but the index has ${numbers.length}`);
  if (crc32c(numbers) !== view.getUint32(48, true)) throw bad('the checksum of its numbers is wrong');
  const shortest = view.getUint32(44, true);
  const table = new FrameTable(count, shortest, fromFileOrder(numbers, width));
  if (table.end !== Number(view.getBigUint64(24, true)) || (count > 0 && shortest === 0))
    throw bad('the sizes of its frames do not add up to the size of its data');
  return { layout, table, mtimeNs: view.getBigInt64(32, true), fingerprint: view.getUint32(40, true) };
}

function headerBytes(delimiterBytes: number): number {
  return HEADER_BYTES + Math.ceil(delimiterBytes / 8) * 8;
}

function headerSum(header: Uint8Array): number {
  return crc32c(header.subarray(HEADER_BYTES), crc32c(header.subarray(0, CRC_AT)));
}

function decodeLayout(code: number, mode: number, delimiter: Uint8Array): RecordLayout | undefined {
  const format = formats().find(({ index }) => index.code === code);
  const options = format?.index.decode(mode, delimiter);
  return format && options && { ...options, format: format.name as FormatName };
}

function inFileOrder(extra: ExtraBytes): Uint8Array {
  const bytes = new Uint8Array(extra.buffer, extra.byteOffset, extra.byteLength);
  return SWAPPED ? swapped(bytes.slice(), extra.BYTES_PER_ELEMENT) : bytes;
}

function fromFileOrder(numbers: Uint8Array, width: number): ExtraBytes {
  if (width < 2) return numbers;
  // Typed arrays need aligned memory.
  const aligned = numbers.byteOffset % width === 0 ? numbers : numbers.slice();
  const { buffer, byteOffset } = SWAPPED ? swapped(aligned, width) : aligned;
  const count = numbers.length / width;
  return width === 2
    ? new Uint16Array(buffer, byteOffset, count)
    : new Uint32Array(buffer, byteOffset, count);
}

function swapped(bytes: Uint8Array, width: number): Uint8Array {
  const words = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (width === 2) words.swap16();
  if (width === 4) words.swap32();
  return bytes;
}

const SAMPLES = 32;
const SAMPLE_BYTES = 4096;

/**
 * Returns the CRC-32C of 32 samples of 4 KiB: the start of the file, its end, and 30 evenly spaced
 * samples between them. The samples cover a file of up to 128 KiB completely.
 *
 * The fingerprint detects a different file of the same size (with a miss rate of 1 in 2^32) and any
 * change within the samples. It does not detect other changes that keep the size; the format's
 * checksums detect those when a record is read.
 */
export async function fingerprintOf(file: StoredFile): Promise<number> {
  const { size } = file;
  const whole = size <= SAMPLES * SAMPLE_BYTES;
  const length = whole ? size : SAMPLE_BYTES;
  const positions = whole
    ? [0]
    : Array.from({ length: SAMPLES }, (_, i) => Math.floor((i * (size - length)) / (SAMPLES - 1)));
  await file.prepare(positions.map((position) => ({ position, length })));
  const bytes = new Uint8Array(length);
  let sum = 0;
  for (const position of positions) {
    file.readNow(bytes, 0, length, position);
    sum = crc32c(bytes, sum);
  }
  return sum;
}
