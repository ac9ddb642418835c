import { readU32 } from '../../bytes/little-endian.ts';
import { looksLikeGzip, looksLikeZlib } from '../../bytes/sniff.ts';
import type { Compression } from '../read-options.ts';
import type { RecordFormat } from '../record-format.ts';
import { RecordIODecoder, type RecordIOReadOptions, recordIOReadOptions } from './decoder.ts';
import { RECORDIO_MAGIC } from './layout.ts';
import { ownRecordIOScanner } from './scanner.ts';
import { walkRecordIO } from './walk.ts';

/** RecordIO, as the generic machinery sees it. */
export const recordIOFormat: RecordFormat<RecordIOReadOptions> = {
  name: 'recordio',
  readOptions: recordIOReadOptions,
  scanDefaults: { strictPadding: true },
  detectCompression,
  lenient: ({ recover, trailing }) => recover !== 'none' || trailing !== 'error',
  decoder: (options, source, stats) => new RecordIODecoder(options, source, stats),
  own: (bufferBytes, buffers) => {
    const { scanner, nextBuffer } = ownRecordIOScanner(bufferBytes, buffers);
    return {
      nextBuffer,
      decoder: (options, source, stats) => new RecordIODecoder(options, source, stats, scanner),
      walk: (opened, options, findings, onProgress) =>
        walkRecordIO(opened, options, scanner, findings, onProgress),
    };
  },
};

/** Whether the first 4 bytes are the magic number. */
export function looksLikeRecordIO(head: Uint8Array): boolean {
  return head.length >= 4 && readU32(head, 0) === RECORDIO_MAGIC;
}

function detectCompression(head: Uint8Array): Compression {
  if (looksLikeRecordIO(head)) return 'none';
  if (looksLikeGzip(head)) return 'gzip';
  return looksLikeZlib(head) ? 'zlib' : 'none';
}
