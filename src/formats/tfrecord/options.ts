import {
  type CodecOptions,
  checkWhole,
  completeOptions,
  DEFAULT_CODEC_OPTIONS,
  extended,
} from '../codec-options.ts';
import type { FormatReading } from '../record-format.ts';
import { detectCompression } from './layout.ts';

/** Options of TFRecord. */
export interface TFRecordOptions extends CodecOptions {
  /**
   * The checksums to verify: `full`, the default, verifies those of lengths and payloads; `length`
   * verifies only the 12-byte headers; `off` verifies none.
   */
  readonly checksum: 'full' | 'length' | 'off';
  /**
   * Which payload checksums to accept. `crc32c`, the default, accepts only correct ones; `smdebug`
   * also accepts the constant that SageMaker Debugger writes when it does not compute checksums.
   */
  readonly payloadCrc: 'crc32c' | 'smdebug';
  /**
   * Maximum number of consecutive records with an incorrect payload checksum to skip. Default 0.
   */
  readonly maxCorruptedRecordsToSkip: number;
}

export const DEFAULT_TFRECORD_OPTIONS: TFRecordOptions = /* @__PURE__ */ extended<
  TFRecordOptions,
  CodecOptions
>(DEFAULT_CODEC_OPTIONS, {
  checksum: 'full',
  payloadCrc: 'crc32c',
  maxCorruptedRecordsToSkip: 0,
});

const CHOICES = {
  checksum: ['full', 'length', 'off'],
  payloadCrc: ['crc32c', 'smdebug'],
};

export const tfrecordReading: FormatReading<TFRecordOptions> = {
  name: 'tfrecord',
  readOptions(given) {
    const options = completeOptions(DEFAULT_TFRECORD_OPTIONS, given, CHOICES);
    checkWhole('maxCorruptedRecordsToSkip', options.maxCorruptedRecordsToSkip, 0, Number.POSITIVE_INFINITY);
    return options;
  },
  detectCompression,
};
