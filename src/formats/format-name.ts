import { readU32 } from '../bytes/little-endian.ts';
import { crc32c, maskCrc32c } from '../crc32c/crc32c.ts';
import { RECORDIO_MAGIC } from './recordio/layout.ts';
import { HEADER_BYTES, LENGTH_BYTES } from './tfrecord/layout.ts';

/** The formats that are read and written. */
export type FormatName = 'tfrecord' | 'recordio' | 'textline';

export const FORMAT_NAMES: readonly FormatName[] = ['tfrecord', 'recordio', 'textline'];

// Without the modules of any format: whoever only has to know which one it is starts up faster.

/** The format of a file whose first 12 bytes leave no doubt: 32 bits of them are as they must be. */
export function certainFormat(head: Uint8Array): 'tfrecord' | 'recordio' | undefined {
  if (hasTFRecordHeader(head, 0)) return 'tfrecord';
  return hasRecordIOMagic(head, 0) ? 'recordio' : undefined;
}

/** Whether the 12 bytes at `at` are a TFRecord header with a good length checksum. */
export function hasTFRecordHeader(head: Uint8Array, at: number): boolean {
  return (
    head.length >= at + HEADER_BYTES &&
    maskCrc32c(crc32c(head.subarray(at, at + LENGTH_BYTES))) === readU32(head, at + LENGTH_BYTES)
  );
}

/** Whether the 4 bytes at `at` are RecordIO's magic number. */
export function hasRecordIOMagic(head: Uint8Array, at: number): boolean {
  return head.length >= at + 4 && readU32(head, at) === RECORDIO_MAGIC;
}
