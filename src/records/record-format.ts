import { FORMAT_NAMES, type FormatName } from '../framing/format-name.ts';
import type { ReadStats } from './corruption.ts';
import type { Findings } from './findings.ts';
import type { ReadOptions } from './read-options.ts';
import type { DecoderSource, RecordDecoder } from './record-decoder.ts';
import type { DetectCompression, RecordSource } from './record-source.ts';

export { FORMAT_NAMES, type FormatName };

/** What a scan counted on the way. */
export interface ScanCounts {
  readonly records: number;
  readonly payloadBytes: number;
  readonly trailingBytes: number;
  /** Oddities that were accepted and cost no byte of a record: see `ReadStats`. */
  readonly warnings?: number;
}

/** Told now and then how many stored bytes have been read. */
export type OnProgress = ((bytes: number) => void) | undefined;

/** A scanner with a memory of its own, and buffers in that memory, which it scans in place. */
export interface OwnScanning<O extends ReadOptions> {
  /** The next of the buffers, in turn. */
  nextBuffer(): Uint8Array;
  decoder(options: O, source: DecoderSource, stats: ReadStats): RecordDecoder;
  /** Strict: checks all records without ever holding one, in constant memory. What is wrong goes into `findings`, what keeps bytes from being read is thrown. */
  walk(opened: RecordSource, options: O, findings: Findings, onProgress: OnProgress): Promise<ScanCounts>;
}

/** All that the generic machinery (readers, scans, streams, detection) has to know of a format. */
export interface RecordFormat<O extends ReadOptions = ReadOptions> {
  readonly name: FormatName;
  /**
   * The complete options, checked.
   * @throws UsageError for a value that no option has
   */
  readOptions(given: Partial<O> | undefined): O;
  /** What scans, which are to find all that is odd, have by default in place of the readers' defaults. */
  readonly scanDefaults?: Partial<O>;
  /** Used where the compression is to be found out. */
  readonly detectCompression: DetectCompression;
  /** Whether a scan with these options needs the decoder, which holds one record at a time, because `walk` is strict. */
  lenient(options: O): boolean;
  /** A decoder over the scanner that this process shares. */
  decoder(options: O, source: DecoderSource, stats: ReadStats): RecordDecoder;
  /** A scanner of one's own with `buffers` buffers of `bufferBytes` bytes. */
  own(bufferBytes: number, buffers: number): OwnScanning<O>;
}
