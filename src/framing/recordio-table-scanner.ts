import { growIndex } from './frame-scan.ts';
import { PART_HEADER_BYTES, partBytes, partFlag, RECORDIO_MAGIC } from './recordio-layout.ts';
import {
  BAD_MAGIC,
  BAD_PADDING,
  emptyRecordIOScan,
  IN_PARTS,
  NEED_MORE,
  type RecordIOScan,
  type RecordIOScanner,
  type RecordIOStop,
  TOO_LARGE,
} from './recordio-scan.ts';

/** Walks RecordIO headers in plain JavaScript, wherever the bytes lie. The same answers as the kernel's walk. */
export class RecordIOTableScanner implements RecordIOScanner {
  readonly result: RecordIOScan = emptyRecordIOScan();

  scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    maxRecordBytes: number,
    strictPadding: boolean,
    withIndex: boolean,
  ): void {
    const result = this.result;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let { index } = result;
    let at = from;
    let count = 0;
    let payloadBytes = 0;
    let word = 0;
    let wanted = 0;
    let stop: RecordIOStop = NEED_MORE;
    for (;;) {
      word = 0;
      wanted = PART_HEADER_BYTES;
      if (to - at < PART_HEADER_BYTES) break;
      word = view.getUint32(at + 4, true);
      stop = judge(view.getUint32(at, true), word, maxRecordBytes);
      if (stop !== NEED_MORE) break;
      wanted = partBytes(word);
      if (to - at < wanted) break;
      const payload = at + PART_HEADER_BYTES;
      if (strictPadding && !zeros(bytes, payload + word, at + wanted)) {
        stop = BAD_PADDING;
        break;
      }
      if (withIndex) {
        if (2 * count === index.length) index = growIndex(index, count, count + 1);
        index[2 * count] = payload;
        index[2 * count + 1] = word;
      }
      count++;
      payloadBytes += word;
      at += wanted;
    }
    result.index = index;
    result.count = count;
    result.payloadBytes = payloadBytes;
    result.position = at;
    result.stop = stop;
    result.word = word;
    result.wanted = stop === NEED_MORE ? wanted : 0;
  }
}

function judge(magic: number, word: number, maxRecordBytes: number): RecordIOStop {
  if (magic !== RECORDIO_MAGIC) return BAD_MAGIC;
  if (partFlag(word) !== 0) return IN_PARTS;
  return word > maxRecordBytes ? TOO_LARGE : NEED_MORE;
}

function zeros(bytes: Uint8Array, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (bytes[i] !== 0) return false;
  return true;
}
