import { readU32 } from '../../bytes/little-endian.ts';
import { looksLikeGzip, looksLikeZlib } from '../../bytes/sniff.ts';
import { crc32c, maskCrc32c } from '../../crc32c/crc32c.ts';
import type { Compression } from '../read-options.ts';
import type { RecordFormat } from '../record-format.ts';
import { TFRecordDecoder, type TFRecordReadOptions, tfrecordReadOptions } from './decoder.ts';
import { HEADER_BYTES, LENGTH_BYTES } from './layout.ts';
import { ownTFRecordScanner } from './scanner.ts';
import { walkTFRecords } from './walk.ts';

/** TFRecord, as the generic machinery sees it. */
export const tfrecordFormat: RecordFormat<TFRecordReadOptions> = {
  name: 'tfrecord',
  readOptions: tfrecordReadOptions,
  detectCompression,
  lenient: ({ recover, trailing, payloadCrc }) =>
    recover !== 'none' || trailing !== 'error' || payloadCrc !== 'crc32c',
  decoder: (options, source, stats) => new TFRecordDecoder(options, source, stats),
  own: (bufferBytes, buffers) => {
    const { scanner, nextBuffer } = ownTFRecordScanner(bufferBytes, buffers);
    return {
      nextBuffer,
      decoder: (options, source, stats) => new TFRecordDecoder(options, source, stats, scanner),
      walk: (opened, options, findings, onProgress) =>
        walkTFRecords(opened, options, scanner, findings, onProgress),
    };
  },
};

/** Whether the first 12 bytes are a header with a good length checksum. */
export function looksLikeTFRecord(head: Uint8Array): boolean {
  return (
    head.length >= HEADER_BYTES &&
    maskCrc32c(crc32c(head.subarray(0, LENGTH_BYTES))) === readU32(head, LENGTH_BYTES)
  );
}

/**
 * The compression of a TFRecord stream by its first bytes: a good first header means none, whatever else it looks like; then the gzip
 * and the zlib magic decide; what is neither is read as uncompressed and fails with a reason.
 *
 * @param head the first bytes, 64 are enough
 * @example
 * ```ts
 * import { gzipSync } from 'node:zlib';
 * import { detectCompression, encodeTFRecord } from 'recordpipe';
 * const record = encodeTFRecord(Uint8Array.of(7));
 * console.log(detectCompression(record), detectCompression(gzipSync(record))); // none gzip
 * ```
 */
export function detectCompression(head: Uint8Array): Compression {
  if (looksLikeTFRecord(head)) return 'none';
  if (looksLikeGzip(head)) return 'gzip';
  return looksLikeZlib(head) ? 'zlib' : 'none';
}
