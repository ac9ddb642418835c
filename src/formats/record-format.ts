import type { ErrorPlace } from '../errors.ts';
import type { RecordBatch } from './batch.ts';
import type { CodecOptions, Compression, ReadStart } from './codec-options.ts';
import type { Findings, ReadStats } from './corruption.ts';

/**
 * A record format: its names, the rules for recognizing it, its options, and the code that reads
 * and writes it. A format lives in `formats/NAME/`. Its name in `names/` and one line in
 * `registry.ts` register it.
 *
 * The object itself is small. Its codecs are imported on first use, so that a program loads only
 * the code that it needs.
 */
export interface RecordFormat<R extends CodecOptions = CodecOptions, W extends object = object>
  extends FormatReading<R> {
  /** Name of the format in messages, such as `TFRecord`. */
  readonly title: string;

  /** File extensions without the dot. The first one is the usual one. */
  readonly extensions: readonly string[];
  /** Matches further names of record files, such as those of TensorBoard. */
  readonly otherNames?: RegExp;
  /**
   * Whether a folder search without a format includes files of this format. False for text, because
   * a data folder may contain unrelated text files.
   */
  readonly foundByDefault: boolean;

  /**
   * Reports whether the first 12 bytes identify the format beyond doubt: at least 32 of their bits
   * have the values that the format requires.
   */
  isCertain(head: Uint8Array): boolean;
  /** Returns how likely it is that a file with these first bytes has this format, and why. */
  detect(head: Uint8Array): Detection;

  /** Format-specific reading options that validation and counting accept. */
  readonly checkOptions: readonly (keyof R & string)[];
  /**
   * Returns the complete writing options of the format.
   * @throws UsageError for an invalid value
   */
  writeOptions(given: Partial<W> | undefined): W;
  /**
   * Rejects a payload that the format cannot represent.
   * @throws RecordpipeError `record-too-large`, `unrepresentable`, or UsageError
   */
  checkPayload(payload: Uint8Array, options: W): void;
  /** Returns the scan that verifies that records can be appended to an existing file. */
  appendCheck(options: W): AppendCheck<R>;
  /** Description of this format in index files. */
  readonly index: IndexLayout<R>;
  /** Kinds of index files that other tools write for this format. By default, there are none. */
  readonly foreignIndexes?: readonly string[];
  /** Whether a scan computes checksums, so that reading ahead is worthwhile. Default false. */
  readonly hasChecksums?: boolean;

  /** Imports the decoder, the scanner and the strict validator. */
  codec(): Promise<RecordCodec<R>>;
  /** Returns an encoder of records for one writer. */
  framer(options: W): Promise<Framer>;
  /**
   * Returns a reader that verifies the frames located by an index.
   * @param count number of records in the file
   */
  frames(uri: string, options: R, count: number): Promise<FrameReader>;
  /** Returns a finder of a file's frames. By default, frames are found by decoding. */
  frameFinder?(options: R, chunkBytes: number, sink: FrameSink): Promise<FrameFinder>;
  /**
   * Returns a walker that visits only the headers of a file.
   * @param sink receives every frame; by default, records are only counted
   * @returns undefined if these options, or a sink, are not supported
   */
  headerHop?(options: R, sink?: FrameSink): Promise<HeaderHop | undefined>;
  /**
   * Returns a finder of record starts, with which several threads process ranges of one file. By
   * default, one thread processes each file.
   * @returns undefined if records cannot be found with these options
   */
  boundaryFinder?(options: R): Promise<BoundaryFinder | undefined>;
}

/** The properties of a format that are needed before its code is imported. */
export interface FormatReading<R extends CodecOptions> {
  /** Name of the format in options, reports and index files. */
  readonly name: string;
  /**
   * Returns the complete reading options.
   * @throws UsageError for an invalid value
   */
  readOptions(given: Partial<R> | undefined): R;
  /**
   * Defaults of scans that differ from those of readers, because scans report every irregularity.
   */
  readonly scanDefaults?: Partial<R>;
  readonly detectCompression: DetectCompression;
}

/** Returns the compression indicated by the first bytes of a stream, or `none`. */
export type DetectCompression = (head: Uint8Array) => Compression;

/**
 * How certain it is, from its first bytes, that a file has a format: `certain`; `likely` for a weak
 * sign such as text; `damaged` if a valid record follows a damaged beginning; `truncated` if the
 * file ends within a plausible first header; `possible` if nothing contradicts the format.
 */
export type Certainty = 'certain' | 'likely' | 'damaged' | 'truncated' | 'possible' | 'no';

export interface Detection {
  readonly certainty: Certainty;
  /** Completes the phrase "it is NAME: …" or, for `no`, "it is unknown: …". */
  readonly reason: string;
}

/** Decodes and scans one format. */
export interface RecordCodec<R extends CodecOptions = CodecOptions> extends FormatReading<R> {
  /**
   * Reports whether a scan with these options needs the decoder, because `walk` is strict. By
   * default, every scan does.
   */
  lenient?(options: R): boolean;
  /** Returns a decoder that uses the scanner that this process shares. */
  decoder(options: R, source: DecoderSource, stats: ReadStats): RecordDecoder;
  /** Like `walk` of {@link OwnScanning}, but uses the scanner that this process shares. */
  walk?: OwnScanning<R>['walk'];
  /** Returns a separate scanner with `buffers` buffers of `bufferBytes` bytes each. */
  own(bufferBytes: number, buffers: number): OwnScanning<R>;
}

/** A scanner with its own memory. It scans the buffers in that memory in place. */
export interface OwnScanning<R extends CodecOptions> {
  /** Returns the next buffer, in rotation. */
  nextBuffer(): Uint8Array;
  decoder(options: R, source: DecoderSource, stats: ReadStats): RecordDecoder;
  /**
   * Checks all records strictly, without holding any of them, in constant memory. Records damage in
   * `findings`, and throws errors that prevent reading. Required unless `lenient` is always true.
   */
  walk?(opened: RecordSource, options: R, findings: Findings, onProgress: OnProgress): Promise<WalkCounts>;
}

/** Counts that a scan returns. */
export interface ScanCounts {
  /** Number of valid records. */
  readonly records: number;
  /** Total size of their payloads, in bytes. */
  readonly payloadBytes: number;
  /** Number of bytes after the last record that the options accept. */
  readonly trailingBytes: number;
  /** Number of accepted irregularities that lose no data; see `ReadStats`. */
  readonly warnings?: number;
}

/** Counts of a walk, and where it ended. */
export interface WalkCounts extends ScanCounts {
  /**
   * Place of the record that the walk did not finish, or of the next record if it finished all of
   * them.
   */
  readonly next: ErrorPlace;
  /**
   * Number of findings that would not exist if the stream continued. A finding that ended the walk
   * is not counted. Default 0.
   */
  readonly atEnd?: number;
}

/** Called periodically with the number of bytes read so far, as stored. */
export type OnProgress = ((bytes: number) => void) | undefined;

/** An open, decompressed source. */
export interface RecordSource {
  readonly uri: string | undefined;
  readonly compression: Compression;
  /**
   * Returns the total number of bytes of an uncompressed source. Undefined if the source does not
   * know it.
   */
  readonly size: (() => number) | undefined;
  /** Position and number of the first record in `chunks`. Default: the beginning of the source. */
  readonly start?: ReadStart | undefined;
  /** The uncompressed bytes. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Number of bytes read from the source so far, as stored. */
  readonly stored: { bytes: number };
  /** Number of zlib streams after the first one that have been read. */
  readonly nextStreams?: { count: number };
}

/** The source of a decoder's bytes. */
export interface DecoderSource {
  readonly uri?: string | undefined;
  readonly compressed?: boolean | undefined;
  /** Returns the total number of bytes of the stream. A length field that exceeds it is corrupt. */
  readonly size?: (() => number) | undefined;
  /**
   * Position and number of the first record that will be pushed. By default, this is the beginning
   * of the stream.
   */
  readonly start?: ReadStart | undefined;
}

/**
 * Splits a stream of uncompressed chunks into batches of records. Push a chunk, call `next` until
 * it returns null, and push the next chunk. After the last chunk, call `end`, and then `next` until
 * it returns null. A decoder performs no I/O.
 */
export interface RecordDecoder {
  readonly stats: ReadStats;
  /** Whether decoding has ended, so that further bytes yield no records. */
  readonly ended: boolean;
  /** Position of the next record. */
  readonly place: ErrorPlace;
  /**
   * Accepts the next chunk. Records of later batches may be views of it. Call only after `next` has
   * returned null.
   */
  push(chunk: Uint8Array): void;
  /** Marks the end of the stream. */
  end(): void;
  /**
   * Returns the next batch. Returns null if more bytes are needed or, after `end`, if all batches
   * have been returned.
   * @throws RecordpipeError at the first corruption that the options do not skip; decoding has then
   *   ended
   */
  next(): RecordBatch | null;
}

/** Encodes payloads as frames, for one writer. */
export interface Framer {
  /**
   * Returns the exact size of the frame of this payload.
   * @throws the same errors as `RecordFormat.checkPayload`
   */
  frameBytes(payload: Uint8Array): number;
  /**
   * Returns `count` buffers of `bytes` bytes in memory that allows fast framing. Called at most
   * once.
   */
  buffers(bytes: number, count: number): readonly Uint8Array[];
  /**
   * Releases the buffers. If `reusable`, no write from them is in progress, and the next writer may
   * reuse them.
   */
  release(reusable: boolean): void;
  /** Writes the frame into one of the buffers, which must have room for it. */
  frame(payload: Uint8Array, buffer: Uint8Array, at: number): void;
  /** Returns the frame in new memory, for frames that are larger than a buffer. */
  encode(payload: Uint8Array): Uint8Array;
}

/** A scan that verifies that an existing file ends with a whole record. */
export interface AppendCheck<R extends CodecOptions> {
  readonly options: Partial<R>;
  /**
   * Reason why records cannot be appended to a file that has warnings; undefined if they can be.
   */
  readonly onWarning?: string;
}

/**
 * How index files store the layout of a data file: the options that determine where records begin.
 */
export interface IndexLayout<R extends CodecOptions> {
  /** Number of the format in index files. */
  readonly code: number;
  /** Names of the options that index files store. */
  readonly options: readonly (keyof R & string)[];
  /** Names of the stored options that must have the same values when the index is used. */
  readonly compared: readonly (keyof R & string)[];
  /** Returns the mode byte of an index file. */
  encodeMode(options: R): number;
  /** Returns the line delimiter, which index files store in addition to the mode. */
  delimiter?(options: R): Uint8Array;
  /** Returns the stored options for a mode and a delimiter, or undefined if these are invalid. */
  decode(mode: number, delimiter: Uint8Array): Partial<R> | undefined;
}

/** Verifies the frames of one file and returns their payloads. */
export interface FrameReader {
  /**
   * Number of bytes before a frame that `payload` needs to verify the start of a record; 0 for the
   * first frame.
   */
  readonly before: number;
  /** Number of bytes at the start of a frame that `headFits` needs. */
  readonly headBytes: number;
  /**
   * Reports whether the first `headBytes` bytes (or the whole frame) at `bytes[at]` begin a frame
   * of this size.
   */
  headFits(bytes: Uint8Array, at: number, frameBytes: number, record: number): boolean;
  /**
   * Returns the verified payload of the frame `bytes[at, at + frameBytes)`: a view, or new memory
   * if it consists of several parts.
   * @param offset position of the frame in the file
   * @throws RecordpipeError `index-mismatch` if there is no such frame; otherwise the error for the
   *   damage
   */
  payload(bytes: Uint8Array, at: number, frameBytes: number, record: number, offset: number): Uint8Array;
}

/** Receives the sizes of frames in file order. */
export interface FrameSink {
  /** Adds a frame of this many bytes. */
  addFrame(bytes: number): void;
  /**
   * Adds the `count - 1` frames between the starts of `count` payloads, given at even positions of
   * `index`.
   */
  addSteps(index: Uint32Array, count: number): void;
}

/** Finds frames in the chunks of a file. */
export interface FrameFinder {
  nextBuffer(): Uint8Array;
  push(chunk: Uint8Array): void;
  /** Marks the end of the file. */
  end(): void;
}

/**
 * Walks the headers of one file in blocks. `walk` follows whole frames. To avoid reading a large
 * frame, call `hop`, which counts it, and continue with a block that starts after it.
 */
export interface HeaderHop {
  /** Memory for the block to walk. */
  readonly block: Uint8Array;
  /** Number of records counted so far. */
  readonly records: number;
  /** Number of bytes walked in the last block. */
  readonly position: number;
  /** Size of the frame at `position` in bytes; 0 if its header is incomplete. */
  readonly frame: number;
  /** Whether the file may end at this position. */
  readonly mayEnd: boolean;
  /** Whether every frame must be read, because the format has no lengths. */
  readonly readsAll?: boolean;
  /**
   * Walks the whole frames of `block[0, have)`. Returns false at any irregularity, which requires a
   * scan.
   */
  walk(have: number): boolean;
  /** Counts the frame at `position` without reading it. */
  hop(): void;
}

/**
 * Finds probable starts of records within a file. A start may be wrong, because a payload can
 * contain any bytes; a walk that ends exactly there proves it.
 */
export interface BoundaryFinder {
  /** Number of bytes at a start that `frameBytes` needs. */
  readonly headBytes: number;
  /**
   * Returns the index in `bytes`, at or after `from`, at which a record probably starts, or -1. The
   * position of `bytes[0]` in the file is a multiple of four.
   */
  find(bytes: Uint8Array, from: number): number;
  /**
   * Returns the size of the frame, or of the part of a record, that begins with these bytes; 0 if
   * none does. Undefined if the format has no lengths.
   */
  readonly frameBytes: ((head: Uint8Array) => number) | undefined;
}
