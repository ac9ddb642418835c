import { RecordpipeError } from '../errors.ts';
import type { Framer } from '../files/framer.ts';
import { leavePlainBuffers, plainBuffers } from '../files/idle-buffers.ts';
import type { WriteFormat } from '../files/record-writer.ts';
import { writeOptions } from '../files/write-options.ts';
import { MAX_RECORD_BYTES } from '../records/read-options.ts';

/** What stands around the base64 text in a line. */
export interface LineShape {
  readonly before: string;
  readonly after: string;
}

export const LINE_SHAPES: Readonly<Record<'jsonl' | 'base64', LineShape>> = {
  jsonl: { before: '{"data":"', after: '"}' },
  base64: { before: '', after: '' },
};

/** A format of lines with base64 text in them, as writers see it. */
export function base64Writing(name: 'jsonl' | 'base64'): WriteFormat {
  return {
    name,
    writeOptions,
    framer: () => new Base64Framer(LINE_SHAPES[name]),
    checkAppendable: (uri) => {
      throw new RecordpipeError('unsupported-source', `appending to ${name} is not possible`, { uri });
    },
  };
}

/** Payload bytes turned into text at a time: a multiple of three, so that pieces fit together, and far from the longest string there can be. */
const PIECE_BYTES = 3 * 16 * 1024;

class Base64Framer implements Framer {
  readonly #before: Buffer;
  readonly #after: Buffer;
  #buffers: Uint8Array[] | undefined;

  constructor({ before, after }: LineShape) {
    this.#before = Buffer.from(before);
    this.#after = Buffer.from(`${after}\n`);
  }

  frameBytes({ length }: Uint8Array): number {
    const bytes = this.#before.length + 4 * Math.ceil(length / 3) + this.#after.length;
    if (bytes > MAX_RECORD_BYTES) {
      const text = `a payload of ${length} bytes is too large for a line of base64, which may have ${MAX_RECORD_BYTES}`;
      throw new RecordpipeError('record-too-large', text);
    }
    return bytes;
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
    const target = asBuffer(buffer);
    target.set(this.#before, at);
    let to = at + this.#before.length;
    const { length } = payload;
    const source = asBuffer(payload);
    for (let from = 0; from < length; from += PIECE_BYTES)
      to += target.write(source.toString('base64', from, Math.min(length, from + PIECE_BYTES)), to, 'latin1');
    target.set(this.#after, to);
  }

  encode(payload: Uint8Array): Uint8Array {
    const line = Buffer.allocUnsafeSlow(this.frameBytes(payload));
    this.frame(payload, line, 0);
    return line;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}
