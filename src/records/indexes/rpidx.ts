import { endianness } from 'node:os';
import { crc32c } from '../../crc32c/crc32c.ts';
import { malformedIndex } from '../../formats/index-errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { type AnyOptions, formats, recordFormat } from '../../formats/registry.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { type ExtraBytes, FrameTable } from './frame-table.ts';
import type { RecordLayout } from './layout-options.ts';

/**
 * An index file: 64 bytes, the delimiter of a text file (zero-padded to a multiple of 8), and one number of 0, 1, 2 or 4 bytes per record: by how many
 * bytes its frame is longer than the shortest one. Frames lie one behind the other from the first byte of the data to its last. Little-endian.
 *
 *  0  8  magic
 *  8  u16 version, 1             24  u64 bytes of the data           44  u32 bytes of the shortest frame
 * 10  u8  format: 1 TFRecord,    32  i64 its time of last change,    48  u32 CRC-32C of the numbers
 *         2 RecordIO, 3 text             nanoseconds since 1970      52  8   zeros
 * 11  u8  bytes per number       40  u32 its fingerprint             60  u32 CRC-32C of bytes 0 to 60 and the delimiter
 * 12  u8  mode, see `IndexLayout`                                    64  delimiter, padding, numbers
 * 13  u8  zero
 * 14  u16 bytes of the delimiter
 * 16  u64 records
 */
export interface IndexFile extends DataStamp {
  readonly layout: RecordLayout;
  readonly table: FrameTable;
}

/** By what the data of an index is known again. */
export interface DataStamp {
  readonly mtimeNs: bigint;
  readonly fingerprint: number;
}

/** Like PNG's: a transfer that changes line ends, or ends at a control-Z, damages it. */
const MAGIC: Uint8Array = Uint8Array.of(0x89, 0x52, 0x50, 0x49, 0x58, 0x0d, 0x0a, 0x1a);
const VERSION = 1;
const HEADER_BYTES = 64;
const CRC_AT = 60;
const SWAPPED = endianness() === 'BE';

/** The bytes of an index file: header and numbers. */
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

/** Whether a file that begins so is an index of ours. */
export function looksLikeIndex(head: Uint8Array): boolean {
  return MAGIC.every((byte, i) => head[i] === byte);
}

/**
 * What an index file says, checked as far as it can be without its data.
 * @param bytes the whole file, in memory of its own; the table keeps it
 * @throws RecordpipeError `malformed-index`
 */
export function decodeIndex(bytes: Uint8Array, uri: string): IndexFile {
  const bad = (what: string): Error => malformedIndex(what, { uri });
  if (!looksLikeIndex(bytes)) throw bad('it does not begin as an index file does');
  if (bytes.length < HEADER_BYTES) throw bad(`it has ${bytes.length} bytes, its header has ${HEADER_BYTES}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const version = view.getUint16(8, true);
  if (version !== VERSION)
    throw bad(`its version is ${version}, known is ${VERSION}; it was written by a newer recordpipe`);
  const delimiterBytes = view.getUint16(14, true);
  const numbersAt = headerBytes(delimiterBytes);
  if (bytes.length < numbersAt) throw bad(`it has ${bytes.length} bytes, its header has ${numbersAt}`);
  const header = bytes.subarray(0, numbersAt);
  if (headerSum(header) !== view.getUint32(CRC_AT, true)) throw bad('the checksum of its header is wrong');
  const layout = decodeLayout(
    view.getUint8(10),
    view.getUint8(12),
    header.slice(HEADER_BYTES, HEADER_BYTES + delimiterBytes),
  );
  const width = view.getUint8(11);
  if (layout === undefined || ![0, 1, 2, 4].includes(width))
    throw bad('its header has values that nothing has');
  const count = Number(view.getBigUint64(16, true));
  const numbers = bytes.subarray(numbersAt);
  if (!(count < 2 ** 32) || count * width !== numbers.length)
    throw bad(`${count} records need ${count * width} bytes, it has ${numbers.length}`);
  if (crc32c(numbers) !== view.getUint32(48, true)) throw bad('the checksum of its numbers is wrong');
  const shortest = view.getUint32(44, true);
  const table = new FrameTable(count, shortest, fromFileOrder(numbers, width));
  if (table.end !== Number(view.getBigUint64(24, true)) || (count > 0 && shortest === 0))
    throw bad('its frames do not add up to its data');
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
  // The words of the host lie at multiples of their size: so do these, unless the file was read to an odd place.
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
 * The CRC-32C of 32 stretches of 4 KiB: the head of the file, its tail, and 30 at even distances between; of the whole file where it has no more than
 * these 128 KiB.
 *
 * It notices another file of the same size (missed once in 2^32), and any change to the stretches looked at. A change elsewhere that keeps the size is
 * not noticed: what it does to a record is found when that record is read, as far as the format has checksums.
 */
export async function fingerprintOf(file: StoredFile): Promise<number> {
  const { size } = file;
  const whole = size <= SAMPLES * SAMPLE_BYTES;
  const bytes = new Uint8Array(whole ? size : SAMPLE_BYTES);
  const positions = Array.from({ length: SAMPLES }, (_, i) =>
    Math.floor((i * (size - SAMPLE_BYTES)) / (SAMPLES - 1)),
  );
  await file.prepare(
    whole
      ? [{ position: 0, length: size }]
      : positions.map((position) => ({ position, length: SAMPLE_BYTES })),
  );
  if (whole) {
    file.readNow(bytes, 0, size, 0);
    return crc32c(bytes);
  }
  let sum = 0;
  for (const position of positions) {
    file.readNow(bytes, 0, SAMPLE_BYTES, position);
    sum = crc32c(bytes, sum);
  }
  return sum;
}
