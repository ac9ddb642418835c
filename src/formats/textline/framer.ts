import { leavePlainBuffers, plainBuffers } from '../frame-buffers.ts';
import type { Framer } from '../record-format.ts';
import { checkLine, encodeTextLine } from './encode.ts';
import type { LineEnding } from './options.ts';

/** Lines of text: payloads are copied once, with the delimiter behind them; whether it occurs in them is looked for once. */
export class TextLineFramer implements Framer {
  readonly #ending: LineEnding;
  /** The payload last asked for: it is nearly always the next to be framed, and has been checked. */
  #checked: Uint8Array | undefined;
  #buffers: Uint8Array[] | undefined;

  constructor(ending: LineEnding) {
    this.#ending = ending;
  }

  frameBytes(payload: Uint8Array): number {
    checkLine(payload, this.#ending);
    this.#checked = payload;
    return payload.length + this.#ending.delimiter.length;
  }

  buffers(bytes: number, count: number): readonly Uint8Array[] {
    this.#buffers = plainBuffers(bytes, count);
    return this.#buffers;
  }

  release(reusable: boolean): void {
    if (reusable && this.#buffers !== undefined) leavePlainBuffers(this.#buffers);
    this.#buffers = undefined;
  }

  frame(payload: Uint8Array, buffer: Uint8Array, at: number): void {
    if (payload !== this.#checked) checkLine(payload, this.#ending);
    this.#checked = undefined;
    const { delimiter } = this.#ending;
    const end = at + payload.length;
    buffer.set(payload, at);
    if (delimiter.length === 1) buffer[end] = delimiter[0];
    else buffer.set(delimiter, end);
  }

  encode(payload: Uint8Array): Uint8Array {
    return encodeTextLine(payload, this.#ending);
  }
}
