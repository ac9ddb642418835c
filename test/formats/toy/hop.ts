import type { FrameSink, HeaderHop } from '../../../src/formats/record-format.ts';
import { isHead } from './layout.ts';

/** Verifies the magic number of every record. */
export class ToyHop implements HeaderHop {
  readonly block: Uint8Array = new Uint8Array(4096);
  readonly frame = 0;
  readonly mayEnd = true;
  records = 0;
  position = 0;
  readonly #frameBytes: number;
  readonly #sink: FrameSink | undefined;

  constructor(frameBytes: number, sink: FrameSink | undefined) {
    this.#frameBytes = frameBytes;
    this.#sink = sink;
  }

  walk(have: number): boolean {
    let at = 0;
    for (; at + this.#frameBytes <= have; at += this.#frameBytes) {
      if (!isHead(this.block, at)) return false;
      this.records++;
      this.#sink?.addFrame(this.#frameBytes);
    }
    this.position = at;
    return true;
  }

  hop(): void {}
}
