import type { ErrorPlace } from '../errors.ts';
import type { RecordBatch } from './batch.ts';
import type { CodecOptions, Compression, ReadStart } from './codec-options.ts';
import type { Findings, ReadStats } from './corruption.ts';

/**
 * A record format: its names, how its content is recognized, its options, and the parts that read
 * and write it. A format lives in `formats/NAME/`. Its name in `names/` and one line in
 * `registry.ts` make it known to everything else.
 *
 * The object itself is small. Each part is imported when it is first used, so that a program pays
 * only for the formats and parts that it needs.
 */
export interface RecordFormat<R extends CodecOptions = CodecOptions, W extends object = object>
  extends FormatReading<R> {
  /** The name for people: `TFRecord`. */
  readonly title: string;

  /** File extensions without the dot; the first one is the usual one. */
  readonly extensions: readonly string[];
  /** Matches further names of record files, such as TensorBoard's. */
  readonly otherNames?: RegExp;
  /**
   * Whether a search of a folder that names no format finds the files of this one. False for text:
   * any text file may lie beside the data.
   */
  readonly foundByDefault: boolean;

  /**
   * Reports whether the first 12 bytes leave no doubt: at least 32 bits of them are what the format
   * requires.
   */
  isCertain(head: Uint8Array): boolean;
  /** How likely the first bytes of a file are of this format, and why. */
  detect(head: Uint8Array): Detection;

  /** The format's own reading options that validating and counting accept. */
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
  /** How a scan makes sure that records can be appended to an existing file. */
  appendCheck(options: W): AppendCheck<R>;
  /** How index files describe this format. */
  readonly index: IndexLayout<R>;
  /** The kinds of index files of other tools for this format. Default: none. */
  readonly foreignIndexes?: readonly string[];
  /** Whether a scan computes checksums: reading ahead then pays. Default false. */
  readonly hasChecksums?: boolean;

  /** Decoder, scanner and strict walk. */
  codec(): Promise<RecordCodec<R>>;
  /** Encodes records for one writer. */
  framer(options: W): Promise<Framer>;
  /** Verifies frames that an index locates. @param count number of records in the file */
  frames(uri: string, options: R, count: number): Promise<FrameReader>;
  /** Finds the frames of a file. Default: by the batches of the decoder. */
  frameFinder?(options: R, chunkBytes: number, sink: FrameSink): Promise<FrameFinder>;
  /**
   * Walks a file by its headers.
   * @param sink receives every frame; default: records are only counted
   * @returns undefined if these options, or a sink, are not supported
   */
  headerHop?(options: R, sink?: FrameSink): Promise<HeaderHop | undefined>;
}

/** What reading needs to know about a format before any of its code is imported. */
export interface FormatReading<R extends CodecOptions> {
  /** The name in options, reports and index files. */
  readonly name: string;
  /**
   * Returns the complete reading options.
   * @throws UsageError for an invalid value
   */
  readOptions(given: Partial<R> | undefined): R;
  /** Defaults of scans, which report everything odd, where they differ from those of readers. */
  readonly scanDefaults?: Partial<R>;
  readonly detectCompression: DetectCompression;
}

/** The compression of a stream by its first bytes: `none` unless they show another one. */
export type DetectCompression = (head: Uint8Array) => Compression;

/**
 * How sure a format is of the first bytes of a file: `certain`; `likely` for a weak sign such as
 * text; `damaged` if a valid record follows a damaged beginning; `truncated` if the file ends
 * within a plausible first header; `possible` if nothing speaks against it.
 */
export type Certainty = 'certain' | 'likely' | 'damaged' | 'truncated' | 'possible' | 'no';

export interface Detection {
  readonly certainty: Certainty;
  /** Completes "it is NAME: …", or with `no` "it is unknown: …". */
  readonly reason: string;
}

/** Decodes and scans one format. */
export interface RecordCodec<R extends CodecOptions = CodecOptions> extends FormatReading<R> {
  /**
   * Reports whether a scan with these options needs the decoder, because `walk` is strict. Default:
   * always.
   */
  lenient?(options: R): boolean;
  /** Returns a decoder over the scanner that this process shares. */
  decoder(options: R, source: DecoderSource, stats: ReadStats): RecordDecoder;
  /** Returns a separate scanner with `buffers` buffers of `bufferBytes` bytes. */
  own(bufferBytes: number, buffers: number): OwnScanning<R>;
}

/** A scanner with its own memory, and buffers in that memory, which it scans in place. */
export interface OwnScanning<R extends CodecOptions> {
  /** Returns the next buffer, in turn. */
  nextBuffer(): Uint8Array;
  decoder(options: R, source: DecoderSource, stats: ReadStats): RecordDecoder;
  /**
   * Strict: checks all records without holding any of them, in constant memory. Adds damage to
   * `findings`, and throws what prevents reading. Required unless `lenient` is always true.
   */
  walk?(opened: RecordSource, options: R, findings: Findings, onProgress: OnProgress): Promise<ScanCounts>;
}

/** What a scan counts. */
export interface ScanCounts {
  readonly records: number;
  readonly payloadBytes: number;
  readonly trailingBytes: number;
  /** Accepted oddities that cost no byte of a record: see `ReadStats`. */
  readonly warnings?: number;
}

/** Called periodically with the number of stored bytes read. */
export type OnProgress = ((bytes: number) => void) | undefined;

/** An open, decompressed source. */
export interface RecordSource {
  readonly uri: string | undefined;
  readonly compression: Compression;
  /** Total bytes of an uncompressed source, where it knows. */
  readonly size: (() => number) | undefined;
  /** The uncompressed bytes. */
  readonly chunks: AsyncIterable<Uint8Array>;
  /** Bytes read from the source so far, as stored. */
  readonly stored: { bytes: number };
  /** Zlib streams after the first that have been read. */
  readonly nextStreams?: { count: number };
}

/** Where the bytes of a decoder come from. */
export interface DecoderSource {
  readonly uri?: string | undefined;
  readonly compressed?: boolean | undefined;
  /** Total bytes of the stream. A length field is not trusted beyond it. */
  readonly size?: (() => number) | undefined;
  /**
   * Position and number of the first record that will be pushed. Default: the beginning of the
   * stream.
   */
  readonly start?: ReadStart | undefined;
}

/**
 * Cuts a stream of uncompressed chunks into batches of records: push a chunk, take batches until
 * there are none, push the next; call `end` after the last, and take batches again. Performs no
 * I/O.
 */
export interface RecordDecoder {
  readonly stats: ReadStats;
  /** Whether nothing more will be delivered, whatever is pushed. */
  readonly ended: boolean;
  /** Where the next record begins. */
  readonly place: ErrorPlace;
  /**
   * Takes the next chunk; records of later batches are views of it. Call only after `next` returned
   * null.
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
   * Returns the exact size of the frame of this payload. @throws the same errors as
   * `RecordFormat.checkPayload`
   */
  frameBytes(payload: Uint8Array): number;
  /** `count` buffers in memory where framing is fast. Called at most once. */
  buffers(bytes: number, count: number): readonly Uint8Array[];
  /**
   * Releases the buffers. With `reusable`, the next writer may get them: no write of them is in
   * progress.
   */
  release(reusable: boolean): void;
  /** Writes the frame into one of the buffers, which has room for it. */
  frame(payload: Uint8Array, buffer: Uint8Array, at: number): void;
  /** Returns the frame in new memory, for frames that are larger than a buffer. */
  encode(payload: Uint8Array): Uint8Array;
}

/** A scan that makes sure that an existing file ends with a whole record. */
export interface AppendCheck<R extends CodecOptions> {
  readonly options: Partial<R>;
  /** Why a file with warnings cannot be appended to; undefined if it can. */
  readonly onWarning?: string;
}

/**
 * Describes the layout of a file in an index file: the options that decide where its records begin.
 */
export interface IndexLayout<R extends CodecOptions> {
  /** The format's number in index files. */
  readonly code: number;
  /** The options that index files store. */
  readonly options: readonly (keyof R & string)[];
  /** The stored options that must be the same when the index is used. */
  readonly compared: readonly (keyof R & string)[];
  /** Returns the mode byte of an index file. */
  encodeMode(options: R): number;
  /** Returns the bytes that index files store beside it: the delimiter of lines. */
  delimiter?(options: R): Uint8Array;
  /** Stored options from mode and delimiter; undefined for invalid ones. */
  decode(mode: number, delimiter: Uint8Array): Partial<R> | undefined;
}

/** Verifies frames of one file and finds the payloads in them. */
export interface FrameReader {
  /**
   * Bytes before a frame that `payload` needs to see that a record may begin there; 0 for the first
   * frame.
   */
  readonly before: number;
  /** Number of first bytes of a frame that `headFits` needs. */
  readonly headBytes: number;
  /**
   * Reports whether the `headBytes` first bytes (or the whole frame) at `bytes[at]` begin a frame
   * of this size.
   */
  headFits(bytes: Uint8Array, at: number, frameBytes: number, record: number): boolean;
  /**
   * Returns the verified payload of the frame `bytes[at, at + frameBytes)`: a view, or new memory
   * if it consists of several parts.
   * @param offset position of the frame in the file
   * @throws RecordpipeError `index-mismatch` if there is no such frame; otherwise what is wrong
   *   with it
   */
  payload(bytes: Uint8Array, at: number, frameBytes: number, record: number, offset: number): Uint8Array;
}

/** Receives the sizes of frames in file order. */
export interface FrameSink {
  /** Returns a frame of this many bytes. */
  addFrame(bytes: number): void;
  /**
   * Returns the `count - 1` frames between `count` payloads, whose starts are at the even places of
   * `index`.
   */
  addSteps(index: Uint32Array, count: number): void;
}

/** Finds the frames in the chunks of a file. */
export interface FrameFinder {
  nextBuffer(): Uint8Array;
  push(chunk: Uint8Array): void;
  /** Returns the file ends. */
  end(): void;
}

/**
 * Walks the headers of one file in blocks. `walk` follows whole frames; a large frame need not be
 * read: `hop` counts it, and the next block starts after it.
 */
export interface HeaderHop {
  /** Memory to walk in. */
  readonly block: Uint8Array;
  /** Records counted so far. */
  readonly records: number;
  /** Bytes of the last block that were walked. */
  readonly position: number;
  /** Bytes of the frame at `position`; 0 if its header is incomplete. */
  readonly frame: number;
  /** Whether the file may end here. */
  readonly mayEnd: boolean;
  /** Whether frames are never hopped over, because the format has no lengths. */
  readonly readsAll?: boolean;
  /** Walks whole frames of `block[0, have)`; false at anything unusual, which a scan must judge. */
  walk(have: number): boolean;
  /** Counts the frame at `position` without reading it. */
  hop(): void;
}
