import type { Framer } from '../../../src/formats/record-format.ts';
import { toyFormat } from './format.ts';
import { FRAME_BYTES, MAGIC } from './layout.ts';

export class ToyFramer implements Framer {
  frameBytes(payload: Uint8Array): number {
    toyFormat.checkPayload(payload, {});
    return FRAME_BYTES;
  }

  buffers(bytes: number, count: number): readonly Uint8Array[] {
    return Array.from({ length: count }, () => new Uint8Array(bytes));
  }

  release(): void {}

  frame(payload: Uint8Array, buffer: Uint8Array, at: number): void {
    buffer.set(MAGIC, at);
    buffer.set(payload, at + MAGIC.length);
  }

  encode(payload: Uint8Array): Uint8Array {
    const frame = new Uint8Array(this.frameBytes(payload));
    this.frame(payload, frame, 0);
    return frame;
  }
}
