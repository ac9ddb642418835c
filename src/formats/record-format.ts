import type { ErrorPlace } from '../errors.ts';
import type { RecordBatch } from './batch.ts';
import type { CodecOptions, Compression, ReadStart } from './codec-options.ts';
import type { Findings, ReadStats } from './corruption.ts';

/**
 * A record format: its names, the rules for recognizing its content, its options, and the parts
 * that read and write it. A format lives in `formats/NAME/`. Its name in `names/` and one line in
 * `registry.ts` make it known to all other code.
 *
 * The object itself is small. Each part is imported when it is first used, so that a program loads
 * only the formats and parts that it needs.
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
   * Whether a folder search that specifies no format finds files of this format. It is false for
   * text, because any text file may lie beside the data.
   */
  readonly foundByDefault: boolean;

  /**
   * Reports whether the first 12 bytes leave no doubt, that is, at least 32 of their bits have the
   * values that the format requires.
   */
  isCertain(head: Uint8Array): boolean;
  /** Returns how likely it is that a file with these first bytes has this format, and why. */
  detect(head: Uint8Array): Detection;

  /** Format-specific reading options that validating and counting accept. */
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
  /** Returns how a scan makes sure that records can be appended to an existing file. */
  appendCheck(options: W): AppendCheck<R>;
  /** Description of this format in index files. */
  readonly index: IndexLayout<R>;
  /** Kinds of index files that other tools write for this format. By default, there are none. */
  readonly foreignIndexes?: readonly string[];
  /** Whether a scan computes checksums, so that reading ahead is worthwhile. Default false. */
  readonly hasChecksums?: boolean;

  /** Imports the decoder, the scanner and the strict walk. */
  codec(): Promise<RecordCodec<R>>;
  /** Returns an encoder of records for one writer. */
  framer(options: W): Promise<Framer>;
  /**
   * Returns a reader that verifies the frames that an index locates.
   * @param count number of records in the file
   */
  frames(uri: string, options: R, count: number): Promise<FrameReader>;
  /**
   * Returns an object that finds the frames of a file. By default, the batches of the decoder are
   * used.
   */
  frameFinder?(options: R, chunkBytes: number, sink: FrameSink): Promise<FrameFinder>;
  /**
   * Returns a walk through the headers of a file.
   * @param sink receives every frame; by default, records are only counted
   * @returns undefined if these options, or a sink, are not supported
   */
  headerHop?(options: R, sink?: FrameSink): Promise<HeaderHop | undefined>;
}

/** The properties of a format that reading needs before any of its code is imported. */
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

/**
 * Returns the compression of a stream that its first bytes indicate, or `none` if they indicate no
 * compression.
 */
export type DetectCompression = (head: Uint8Array) => Compression;

/**
 * Certainty with which a file has a format, judged by its first bytes: `certain`; `likely` for a
 * weak sign such as text; `damaged` if a valid record follows a damaged beginning; `truncated` if
 * the file ends within a plausible first header; `possible` if nothing contradicts the format.
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
  /** Returns a separate scanner with `buffers` buffers of `bufferBytes` bytes each. */
  own(bufferBytes: number, buffers: number): OwnScanning<R>;
}

/** A scanner with separate memory, and buffers in that memory, which it scans in place. */
export interface OwnScanning<R extends CodecOptions> {
  /** Returns the next buffer, in rotation. */
  nextBuffer(): Uint8Array;
  decoder(options: R, source: DecoderSource, stats: ReadStats): RecordDecoder;
  /**
   * Checks all records strictly, without holding any of them, in constant memory. It adds damage to
   * `findings`, and throws errors that prevent reading. Required unless `lenient` is always true.
   */
  walk?(opened: RecordSource, options: R, findings: Findings, onProgress: OnProgress): Promise<ScanCounts>;
}

/** Counts that a scan returns. */
export interface ScanCounts {
  readonly records: number;
  readonly payloadBytes: number;
  readonly trailingBytes: number;
  /** Number of accepted irregularities that lose no byte of a record; see `ReadStats`. */
  readonly warnings?: number;
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
  /** The uncompressed bytes. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Number of bytes read from the source so far, as stored. */
  readonly stored: { bytes: number };
  /** Number of zlib streams after the first one that have been read. */
  readonly nextStreams?: { count: number };
}

/** The source of the bytes of a decoder. */
export interface DecoderSource {
  readonly uri?: string | undefined;
  readonly compressed?: boolean | undefined;
  /**
   * Returns the total number of bytes of the stream. A length field that exceeds it is not trusted.
   */
  readonly size?: (() => number) | undefined;
  /**
   * Position and number of the first record that will be pushed. By default, this is the beginning
   * of the stream.
   */
  readonly start?: ReadStart | undefined;
}

/**
 * Cuts a stream of uncompressed chunks into batches of records. Push a chunk, take batches until
 * there are none, and push the next chunk. Call `end` after the last chunk, and take batches again.
 * A decoder performs no I/O.
 */
export interface RecordDecoder {
  readonly stats: ReadStats;
  /** Whether no more records will be delivered, regardless of the bytes that are pushed. */
  readonly ended: boolean;
  /** Position of the next record. */
  readonly place: ErrorPlace;
  /**
   * Accepts the next chunk. Records of later batches are views of it. Call only after `next` has
   * returned null.
   */
  push(chunk: Uint8Array): void;
  /** Marks the end of the stream. */
  end(): void;
  /**
   * Returns the next batch, or null if it needs more bytes or, after `end`, if everything has been
   * delivered.
   * @throws RecordpipeError at the first corrupt place that the options do not skip; nothing
   *   follows it
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
   * Returns `count` buffers of `bytes` bytes in memory that makes framing fast. Called at most
   * once.
   */
  buffers(bytes: number, count: number): readonly Uint8Array[];
  /**
   * Releases the buffers. With `reusable`, the next writer may reuse them, because no write from
   * them is in progress.
   */
  release(reusable: boolean): void;
  /** Writes the frame into one of the buffers, which must have room for it. */
  frame(payload: Uint8Array, buffer: Uint8Array, at: number): void;
  /** Returns the frame in new memory, for frames that are larger than a buffer. */
  encode(payload: Uint8Array): Uint8Array;
}

/** A scan that makes sure that an existing file ends with a whole record. */
export interface AppendCheck<R extends CodecOptions> {
  readonly options: Partial<R>;
  /** Reason why records cannot be appended to a file with warnings; undefined if they can. */
  readonly onWarning?: string;
}

/**
 * The description of a file's layout in an index file: the options that determine where its records
 * begin.
 */
export interface IndexLayout<R extends CodecOptions> {
  /** Number of the format in index files. */
  readonly code: number;
  /** Names of the options that index files store. */
  readonly options: readonly (keyof R & string)[];
  /** Names of the stored options that must be the same when the index is used. */
  readonly compared: readonly (keyof R & string)[];
  /** Returns the mode byte of an index file. */
  encodeMode(options: R): number;
  /**
   * Returns the bytes that index files store in addition to the mode, which are the delimiter of
   * lines.
   */
  delimiter?(options: R): Uint8Array;
  /** Returns the stored options for a mode and a delimiter, or undefined if these are invalid. */
  decode(mode: number, delimiter: Uint8Array): Partial<R> | undefined;
}

/** Verifies frames of one file and returns their payloads. */
export interface FrameReader {
  /**
   * Number of bytes before a frame that `payload` needs to verify that a record may begin there; 0
   * for the first frame.
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
   * Adds the `count - 1` frames between `count` payloads, whose starts are at the even positions of
   * `index`.
   */
  addSteps(index: Uint32Array, count: number): void;
}

/** Finds the frames in the chunks of a file. */
export interface FrameFinder {
  nextBuffer(): Uint8Array;
  push(chunk: Uint8Array): void;
  /** Marks the end of the file. */
  end(): void;
}

/**
 * Walks the headers of one file in blocks. `walk` follows whole frames. A large frame need not be
 * read: `hop` counts it, and the next block starts after it.
 */
export interface HeaderHop {
  /** Memory for the block to walk. */
  readonly block: Uint8Array;
  /** Number of records counted so far. */
  readonly records: number;
  /** Number of bytes of the last block that were walked. */
  readonly position: number;
  /** Size of the frame at `position` in bytes; 0 if its header is incomplete. */
  readonly frame: number;
  /** Whether the file may end at this position. */
  readonly mayEnd: boolean;
  /** Whether every frame must be read, because the format has no lengths. */
  readonly readsAll?: boolean;
  /**
   * Walks the whole frames of `block[0, have)`. Returns false at any irregularity, which a scan
   * must judge.
   */
  walk(have: number): boolean;
  /** Counts the frame at `position` without reading it. */
  hop(): void;
}
