import type { RecordpipeError } from '../errors.ts';
import type { ObjectOptions } from './object-options.ts';

/** A file or object, as listings and responses describe it. */
export interface ObjectInfo {
  /**
   * Address of the object, `s3://bucket/key` with an unescaped key, or the path of a local file.
   */
  readonly uri: string;
  /** Size in bytes. */
  readonly size: number;
  /**
   * A token that changes whenever the object changes. It is not a digest. Undefined if the service
   * sends none.
   */
  readonly etag: string | undefined;
  /** Id of the version; undefined in a bucket without versions. */
  readonly versionId?: string | undefined;
  /** Time of the last change. */
  readonly modified?: Date | undefined;
}

/** An object to read, with its known properties. The first response provides the rest. */
export interface ObjectRef {
  /** Address of the object. */
  readonly uri: string;
  /** Size in bytes, if known. */
  readonly size?: number | undefined;
  /** ETag, if known. A different version is an error. */
  readonly etag?: string | undefined;
  /** Id of the version to read. Default: the current one. */
  readonly versionId?: string | undefined;
}

/** A checksum that the service stores for an object. */
export interface ObjectChecksum {
  /** Name of the algorithm. */
  readonly algorithm: 'crc32c' | 'crc32' | 'crc64nvme' | 'sha1' | 'sha256';
  /** The checksum in base64, as the service sends it. */
  readonly value: string;
  /**
   * Kind of the checksum. `whole`: computed from the bytes of the object. `parts`: computed from
   * the checksums of the uploaded parts, so that it cannot be compared with a checksum of the
   * bytes.
   */
  readonly kind: 'whole' | 'parts';
}

/** Properties of an object, as `statObject` returns them. */
export interface ObjectStat extends ObjectInfo {
  /** Checksums that the service stores for the object. */
  readonly checksums: readonly ObjectChecksum[];
  /** User metadata, with names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A range to read with one request. */
export interface RangeRequest {
  /** Address of the object. */
  readonly uri: string;
  /** Position of the first byte. */
  readonly start: number;
  /** Position after the last byte. If undefined, the range extends to the end of the object. */
  readonly end: number | undefined;
  /** ETag that the object must have (If-Match). */
  readonly etag?: string | undefined;
  /** Id of the version to read. Default: the current one. */
  readonly versionId?: string | undefined;
  /** Size of the object, if it is known. */
  readonly size?: number | undefined;
}

/** Information from the headers of a response. */
export interface RangeHead extends ObjectInfo {
  /** Start of the body, which is the requested range limited to the object. */
  readonly start: number;
  /** End of the body. */
  readonly end: number;
}

/** Receives the response to a {@link RangeRequest}. */
export interface RangeSink {
  /** Called once, before the first byte. An exception ends the request, and `read` throws it. */
  onHead(head: RangeHead): void;
  /**
   * Returns a buffer for up to `maxBytes` of the next bytes. Optional. A scheme that can read into
   * the caller's memory still passes the bytes to `onData`, and calls this method again when the
   * buffer is full.
   */
  memory?(maxBytes: number): Uint8Array;
  /**
   * Returns a buffer for `bytes` bytes that follow `skipped` others, which have not arrived yet.
   * Optional. A scheme that reads several buffers at a time passes them to `onData` in order.
   */
  memoryAt?(skipped: number, bytes: number): Uint8Array;
  /** Receives a chunk and takes ownership of it. The chunk is never written to again. */
  onData(chunk: Uint8Array): void;
  /** Called regularly while another process fetches the bytes, so that the wait is not a stall. */
  onWait?(): void;
}

/** Reads one range with several attempts, and may keep something from one attempt to the next. */
export interface RangeReader {
  /** See {@link ObjectSource.read}. */
  read(request: RangeRequest, sink: RangeSink, signal: AbortSignal): Promise<void>;
  /** Called after the last attempt. */
  close(): void;
}

/** Options for opening an output. */
export interface OutputOptions {
  /**
   * Whether to replace an existing file. If false, an existing file is an `already-exists` error.
   */
  readonly overwrite: boolean;
  /**
   * If defined, appends to an existing file. Called with the size of the file; returns how many of
   * its bytes to keep. Discarding the output leaves the file with these bytes.
   */
  readonly append?: ((size: number) => Promise<number>) | undefined;
  /**
   * Whether the output appears only when it is complete. Default true; object stores always do
   * this.
   */
  readonly atomic?: boolean | undefined;
  /** Whether closing a local file first flushes it to disk. Default false. */
  readonly sync?: boolean | undefined;
  /** Whether writing may block the calling thread. Default false. */
  readonly blocking?: boolean | undefined;
  /**
   * Whether the output will be published under a name that differs from the one it is opened with.
   * Default false.
   */
  readonly renamed?: boolean | undefined;
  /** Whether to create missing parent folders, if the scheme has folders. Default false. */
  readonly parents?: boolean | undefined;
  /** MIME type, if the scheme stores one. */
  readonly contentType?: string | undefined;
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Receives written bytes in order, one call at a time. The bytes passed to a call must not change
 * until its promise settles.
 */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  /**
   * Writes the bytes before it returns. Available only for outputs opened with `blocking`. @throws
   * the same errors as `write`
   */
  writeNow?: ((bytes: Uint8Array) => void) | undefined;
  /** Makes everything written so far visible to readers, if the storage supports it. */
  flush(): Promise<void>;
  /** Ends the stream and closes the file. */
  close(): Promise<void>;
  /** Closes the file without ending the stream. */
  destroy(): Promise<void>;
  /** Number of bytes in the file so far. */
  readonly bytes: number;
}

/**
 * A file that does not have its final name yet. It holds no buffers: up to 100,000 may exist at
 * once.
 */
export interface Unnamed {
  /** Publishes the closed file under its final name. */
  name(path: string): Promise<void>;
  /** Removes the written data, even after a call to `name`. Call only after the file is closed. */
  discard(): Promise<void>;
}

/** An output that is being written. */
export interface Output {
  readonly path: string;
  readonly sink: Sink;
  readonly file: Unnamed;
}

/** An address split into its parts. */
export interface Place {
  /** The key or path, to which patterns apply. */
  readonly name: string;
  /** Returns the address of a key or path. */
  uriOf(name: string): string;
  nameOf(uri: string): string;
  /**
   * Returns the address with a trailing slash if it refers to a folder, otherwise the same address.
   */
  folder(uri: string): Promise<string>;
  /** The error code for a missing file or object. */
  readonly missing: 'object-missing' | 'not-found';
}

/** A source of objects: a storage, or a test. */
export interface ObjectSource {
  /** URL of the service, if several services may have objects with equal addresses. */
  readonly service?: string | undefined;
  /** Begins to read one range, for sources that keep something between attempts. */
  range?(): RangeReader;
  /**
   * Lists all objects whose address starts with `prefix`, in the order of the UTF-8 bytes of their
   * keys, as they arrive.
   * @param enter whether to read a folder; ignored if the scheme has no folders
   * @throws RecordpipeError `access-denied`, `object-missing` (no such bucket), `io-failure`,
   *   `retries-exhausted`, `aborted`
   */
  list(prefix: string, signal?: AbortSignal, enter?: (folder: string) => boolean): AsyncIterable<ObjectInfo>;
  /**
   * Returns the properties of an object.
   * @throws RecordpipeError `object-missing`, `access-denied`, `io-failure`, `retries-exhausted`,
   *   `aborted`
   */
  stat(ref: ObjectRef, signal?: AbortSignal): Promise<ObjectStat>;
  /**
   * Like {@link stat}, without checksums and metadata. Only for sources that find them faster.
   */
  describe?: ((ref: ObjectRef, signal?: AbortSignal) => Promise<ObjectInfo>) | undefined;
  /**
   * Makes one attempt at a request and reads the whole body. Checks the status, range, ETag and
   * length of the response. The caller is responsible for retries. Never leaves a connection with
   * an unread body.
   * @throws FetchFailure with the kind of failure. The data that the sink has received is correct
   *   for the version of the object that `onHead` was called with.
   */
  read(request: RangeRequest, sink: RangeSink, signal: AbortSignal): Promise<void>;
}

/** Returns the properties of an object, as fast as its source finds them. */
export function described(
  source: ObjectSource,
  ref: ObjectRef,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo> {
  return (source.describe ?? source.stat).call(source, ref, signal);
}

/** The result of one check of `diagnoseStore`. */
export interface StoreCheck {
  /** What was checked. */
  readonly name: 'credentials' | 'connection' | 'clock' | 'region' | 'list' | 'get' | 'throughput';
  /** Result of the check. A check that depends on a failed check is skipped. */
  readonly status: 'ok' | 'failed' | 'skipped';
  /** Result in one sentence, without secrets. */
  readonly text: string;
  /** Suggested next step. */
  readonly next?: string | undefined;
}

/** Collects the results of a storage's checks. Removes secrets from their texts. */
export interface Checks {
  passed(name: StoreCheck['name'], text: string): void;
  failed(name: StoreCheck['name'], text: string, next?: string): void;
  skipped(text: string, ...names: StoreCheck['name'][]): void;
}

/** A backend that stores bytes. Each scheme has one implementation; see `registry.ts`. */
export interface Storage extends ObjectSource {
  /**
   * Checks the service itself, if the scheme has one, and adds the findings to `checks`.
   * @returns whether the service can be reached
   */
  checkService?(uri: string, checks: Checks, signal: AbortSignal | undefined): Promise<boolean>;
  /** Splits an address into its parts. @throws UsageError for an invalid address */
  place(uri: string): Place;
  /**
   * Opens an output. @throws RecordpipeError `already-exists`, `access-denied`, `io-failure`,
   * `unsupported-source`, …
   */
  write(uri: string, options: OutputOptions): Promise<Output>;
  /**
   * Removes an object. A missing object is not an error.
   * @throws RecordpipeError `access-denied`, `io-failure`, …
   */
  remove(uri: string, signal?: AbortSignal): Promise<void>;
}

/** A range of bytes in a file. */
export interface Stretch {
  readonly position: number;
  readonly length: number;
}

/** A file or object that is open for reading at any position. */
export interface StoredFile {
  /** Path or address of the file. */
  readonly path: string;
  /** Size of the file when it was opened. */
  readonly size: number;
  /** Modification time of the file when it was opened, in nanoseconds since 1970. */
  readonly mtimeNs: bigint;
  readonly closed: boolean;
  /** Whether the file is unchanged since it was opened. */
  readonly unchanged: boolean;
  /**
   * How to read a file whose reads are requests. Undefined if `readNow` can read any range at any
   * time.
   */
  readonly remote: RemoteReading | undefined;
  /**
   * Reads `length` bytes from `position` into `target[at, …)`, on this thread. For a remote file,
   * only the ranges passed to {@link prepare} can be read.
   * @throws RecordpipeError `source-changed` if the file has become shorter; `closed`, `io-failure`
   */
  readNow(target: Uint8Array, at: number, length: number, position: number): void;
  /** Like {@link readNow}, but does not block this thread. */
  read(target: Uint8Array, at: number, length: number, position: number): Promise<void>;
  /**
   * Enables `readNow` to read these ranges, until the next call. Returns undefined if it can always
   * read them.
   */
  prepare(stretches: readonly Stretch[]): Promise<void> | undefined;
  /** Returns the whole contents in order, read ahead. Only for remote files. */
  stream(signal: AbortSignal | undefined): AsyncIterable<Uint8Array>;
  /** Runs work that consists of several reads. `close` waits for it. */
  use<T>(work: () => Promise<T>): Promise<T>;
  closedError(): RecordpipeError;
  /** Closes the file once the reads in progress have ended. Later reads fail. */
  close(): Promise<void>;
}

/** How to read a file whose reads are requests. */
export interface RemoteReading {
  /** The version of the object that was opened, and how to access it. */
  readonly object: ObjectRef;
  readonly objects: Partial<ObjectOptions> | undefined;
  /** Maximum number of concurrent requests. */
  readonly requests: number;
  /** Maximum number of bytes per request. */
  readonly spanBytes: number;
  /** Maximum gap in bytes between two records to read rather than skip with another request. */
  readonly gapBytes: number;
}

/** Options for accessing a storage. */
export interface Access {
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly signal?: AbortSignal | undefined;
}
