import { type ErrorPlace, RecordpipeError } from '../../../src/errors.ts';
import { RecordBatch } from '../../../src/formats/batch.ts';
import type { CodecOptions } from '../../../src/formats/codec-options.ts';
import type { ReadStats } from '../../../src/formats/corruption.ts';
import { RecordCursor } from '../../../src/formats/cursor.ts';
import type { DecoderSource, RecordCodec, RecordDecoder } from '../../../src/formats/record-format.ts';
import { toyReading } from './format.ts';
import { FRAME_BYTES, isHead, MAGIC, PAYLOAD_BYTES } from './layout.ts';

export const toyCodec: RecordCodec<CodecOptions> = {
  ...toyReading,
  decoder: (_, source, stats) => new ToyDecoder(source, stats),
  own(bufferBytes, buffers) {
    const memory = Array.from({ length: buffers }, () => new Uint8Array(bufferBytes));
    let turn = 0;
    return {
      nextBuffer: () => memory[turn++ % buffers],
      decoder: (_, source, stats) => new ToyDecoder(source, stats),
    };
  },
};

class ToyDecoder implements RecordDecoder {
  ended = false;
  readonly stats: ReadStats;
  readonly #cursor: RecordCursor;

  constructor(source: DecoderSource, stats: ReadStats) {
    this.stats = stats;
    this.#cursor = new RecordCursor(source, stats);
  }

  get place(): ErrorPlace {
    return this.#cursor.place();
  }

  push(chunk: Uint8Array): void {
    this.#cursor.window.push(chunk);
  }

  end(): void {
    this.#cursor.final = true;
  }

  next(): RecordBatch | null {
    const { window, record } = this.#cursor;
    if (this.ended || !window.advance()) return null;
    if (!window.want(FRAME_BYTES)) {
      if (!this.#cursor.final) return null;
      this.ended = true;
      throw new RecordpipeError(
        'truncated-record',
        `toy: ${window.unread} bytes after the last record`,
        this.place,
      );
    }
    const { bytes, at } = window;
    if (!isHead(bytes, at)) {
      this.ended = true;
      throw new RecordpipeError('bad-magic', 'toy: bad magic', this.place);
    }
    const index = Uint32Array.of(at + MAGIC.length, PAYLOAD_BYTES);
    const batch = new RecordBatch(bytes, index, 1, record, window.base, MAGIC.length);
    window.at += FRAME_BYTES;
    this.#cursor.count(1, PAYLOAD_BYTES);
    return batch;
  }
}
