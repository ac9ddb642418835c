import { indexMismatch } from '../../../src/formats/index-errors.ts';
import type { FrameReader } from '../../../src/formats/record-format.ts';
import { FRAME_BYTES, isHead, MAGIC } from './layout.ts';

export function toyFrames(uri: string): FrameReader {
  const headFits = (bytes: Uint8Array, at: number, frameBytes: number): boolean =>
    frameBytes === FRAME_BYTES && isHead(bytes, at);
  return {
    before: 0,
    headBytes: MAGIC.length,
    headFits,
    payload(bytes, at, frameBytes, record, offset) {
      if (!headFits(bytes, at, frameBytes)) throw indexMismatch('no toy here', { uri, record, offset });
      return bytes.subarray(at + MAGIC.length, at + frameBytes);
    },
  };
}
