import { CHECK_LENGTH, type FrameScanner, NEED_MORE } from '../formats/frame-scan.ts';
import { DEFAULT_READ_OPTIONS } from '../formats/read-options.ts';
import { HEADER_BYTES } from '../formats/tfrecord/layout.ts';
import { ownTFRecordScanner } from '../formats/tfrecord/scanner.ts';
import type { CheckedReading } from './files-options.ts';
import type { Hopper } from './header-hops.ts';

/** Verifies the checksums of lengths. */
export class TFRecordHopper implements Hopper {
  records = 0;
  position = 0;
  frame = 0;
  readonly mayEnd = true;
  readonly nextBuffer: () => Uint8Array;
  readonly #scanner: FrameScanner;
  readonly #maxRecordBytes: number;

  constructor(blockBytes: number, { maxRecordBytes }: Partial<CheckedReading>) {
    const { scanner, nextBuffer } = ownTFRecordScanner(blockBytes, 1);
    this.#scanner = scanner;
    this.nextBuffer = nextBuffer;
    this.#maxRecordBytes = maxRecordBytes ?? DEFAULT_READ_OPTIONS.maxRecordBytes;
  }

  walk(block: Uint8Array, have: number): boolean {
    const { result } = this.#scanner;
    this.#scanner.scan(block, 0, have, CHECK_LENGTH, this.#maxRecordBytes, false);
    this.records += result.count;
    this.position = result.position;
    this.frame = have - result.position >= HEADER_BYTES ? result.wanted : 0;
    return result.stop === NEED_MORE;
  }

  hop(): void {
    this.records++;
  }
}
