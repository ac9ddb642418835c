import { leavePlainBuffers, plainBuffers } from '../frame-buffers.ts';
import type { Framer } from '../record-format.ts';
import { encodeRecordIO, frameBytes, magicsToEscape, writeRecord } from './encode.ts';
import type { RecordIOEncodeOptions } from './options.ts';

/** RecordIO: payloads are copied once, behind their header; magic numbers in them are looked for once. */
export class RecordIOFramer implements Framer {
  readonly #options: RecordIOEncodeOptions;
  /** The payload last asked for, and its magic numbers: it is nearly always the next to be framed. */
  #payload: Uint8Array | undefined;
  #magics = 0;
  #buffers: Uint8Array[] | undefined;

  /** @param options complete and checked */
  constructor(options: RecordIOEncodeOptions) {
    this.#options = options;
  }

  frameBytes(payload: Uint8Array): number {
    this.#magics = magicsToEscape(payload, this.#options);
    this.#payload = payload;
    return frameBytes(payload.length, this.#magics);
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
    const magics = payload === this.#payload ? this.#magics : magicsToEscape(payload, this.#options);
    this.#payload = undefined;
    writeRecord(payload, magics, buffer, at);
  }

  encode(payload: Uint8Array): Uint8Array {
    return encodeRecordIO(payload, this.#options);
  }
}
