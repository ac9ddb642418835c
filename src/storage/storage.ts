import type { RecordpipeError } from '../errors.ts';
import type { ObjectOptions } from './object-options.ts';

/** A file or object, as listings and responses describe it. */
export interface ObjectInfo {
  /** `s3://bucket/key`, with nothing in the key escaped; a path for local files. */
  readonly uri: string;
  readonly size: number;
  /** A token that changes whenever the object changes. It is not a digest. Undefined if the service sends none. */
  readonly etag: string | undefined;
  readonly versionId?: string | undefined;
  readonly modified?: Date | undefined;
}

/** An object to read, with what is known of it. The first response supplies the rest. */
export interface ObjectRef {
  readonly uri: string;
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
  readonly versionId?: string | undefined;
}

/** A checksum of an object that the service stores. */
export interface ObjectChecksum {
  readonly algorithm: 'crc32c' | 'crc32' | 'crc64nvme' | 'sha1' | 'sha256';
  /** In base64, as the service sends it. */
  readonly value: string;
  /**
   * `whole`: of the bytes of the object. `parts`: computed from the checksums of the uploaded parts, so that it cannot be
   * compared with a checksum of the bytes.
   */
  readonly kind: 'whole' | 'parts';
}

export interface ObjectStat extends ObjectInfo {
  readonly checksums: readonly ObjectChecksum[];
  /** User metadata; names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** A range to read with one request. */
export interface RangeRequest {
  readonly uri: string;
  /** Position of the first byte. */
  readonly start: number;
  /** Position after the last byte; undefined: the end of the object. */
  readonly end: number | undefined;
  /** The state that the object must be in (If-Match). */
  readonly etag?: string | undefined;
  readonly versionId?: string | undefined;
}

/** What the headers of a response say. */
export interface RangeHead extends ObjectInfo {
  /** Where the body starts and ends: the requested range, limited to the object. */
  readonly start: number;
  readonly end: number;
}

/** Receives the response to a {@link RangeRequest}. */
export interface RangeSink {
  /** Called once, before the first byte. What it throws ends the request, and `read` throws it. */
  onHead(head: RangeHead): void;
  /**
   * Memory for the next bytes, at most `most` of them. Optional, for storages that can read into the caller's memory: they
   * still pass the bytes to `onData`, and call this again when the memory is full.
   */
  memory?(most: number): Uint8Array;
  /** Takes ownership of each chunk: it is never written to again. */
  onData(chunk: Uint8Array): void;
}

/** How an output is opened. */
export interface OutputOptions {
  /** Whether an existing file is replaced; otherwise it is an `already-exists` error. */
  readonly overwrite: boolean;
  /**
   * Appends to an existing file: called with its size, returns how many of its bytes to keep. What is discarded later
   * leaves the file with these bytes.
   */
  readonly append?: ((size: number) => Promise<number>) | undefined;
  /** Whether the output appears only when it is complete. Default true; object stores always do this. */
  readonly atomic?: boolean | undefined;
  /** Whether a local file is on the disk when it is closed. Default false. */
  readonly sync?: boolean | undefined;
  /** Whether writing may block the calling thread. Default false. */
  readonly blocking?: boolean | undefined;
  /** Whether the output will be published under another name than the one it is opened with. Default false. */
  readonly renamed?: boolean | undefined;
  /** MIME type, for storages that keep one. */
  readonly contentType?: string | undefined;
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Receives written bytes in order, one call at a time. The bytes of a call must not change until its promise settles. */
export interface Sink {
  write(bytes: Uint8Array): Promise<void>;
  /** Writes before it returns. Only for outputs opened with `blocking`. @throws RecordpipeError as `write` */
  writeNow?: ((bytes: Uint8Array) => void) | undefined;
  /** Makes everything written so far visible to readers, where the storage can. */
  flush(): Promise<void>;
  /** Ends the stream and closes the file. */
  close(): Promise<void>;
  /** Closes the file without ending the stream. */
  destroy(): Promise<void>;
  /** Bytes in the file so far. */
  readonly bytes: number;
}

/** A file that does not have its final name yet. It holds no buffers: up to 100,000 may exist at once. */
export interface Unnamed {
  /** Publishes the closed file under its name. */
  name(path: string): Promise<void>;
  /** Removes what was written, also after `name`. The file is closed. */
  discard(): Promise<void>;
}

/** An output that is being written. */
export interface Output {
  readonly path: string;
  readonly sink: Sink;
  readonly file: Unnamed;
}

/** How the addresses of a storage are split. */
export interface Place {
  /** The key or path, to which patterns apply. */
  readonly name: string;
  /** The address of a key or path. */
  uriOf(name: string): string;
  nameOf(uri: string): string;
  /** The address with a slash at its end if it is that of a folder; otherwise the same address. */
  folder(uri: string): Promise<string>;
  /** The code of the error for what does not exist. */
  readonly missing: 'object-missing' | 'not-found';
}

/** What objects are read from: a {@link Storage}, or a test. */
export interface ObjectSource {
  /**
   * All objects whose address begins with `prefix`, in the order of the UTF-8 bytes of their keys, as they arrive.
   * @param enter whether a folder is read; storages without folders ignore it
   * @throws RecordpipeError `access-denied`, `object-missing` (no such bucket), `io-failure`, `retries-exhausted`, `aborted`
   */
  list(prefix: string, signal?: AbortSignal, enter?: (folder: string) => boolean): AsyncIterable<ObjectInfo>;
  /** @throws RecordpipeError `object-missing`, `access-denied`, `io-failure`, `retries-exhausted`, `aborted` */
  stat(ref: ObjectRef, signal?: AbortSignal): Promise<ObjectStat>;
  /**
   * Makes one attempt at one request and reads its whole body. The status, range, ETag and length of the response are
   * checked. Retries are up to the caller; connections are never left with an unread body.
   * @throws FetchFailure with the kind of failure. What the sink has received is correct, for the state of the object that
   * `onHead` was called with.
   */
  read(request: RangeRequest, sink: RangeSink, signal: AbortSignal): Promise<void>;
}

/** The result of one check of `diagnoseStore`. */
export interface StoreCheck {
  readonly name: 'credentials' | 'connection' | 'clock' | 'region' | 'list' | 'get' | 'throughput';
  readonly status: 'ok' | 'failed' | 'skipped';
  /** The result, in one sentence. Never contains a secret. */
  readonly text: string;
  /** Advice for the user. */
  readonly next?: string | undefined;
}

/** Collects the results of the checks of a storage. Secrets are removed from the texts. */
export interface Checks {
  passed(name: StoreCheck['name'], text: string): void;
  failed(name: StoreCheck['name'], text: string, next?: string): void;
  skipped(text: string, ...names: StoreCheck['name'][]): void;
}

/** Where bytes are kept: one implementation per scheme, see `registry.ts`. */
export interface Storage extends ObjectSource {
  /**
   * Checks the service itself, for storages that have one, and adds the findings to `checks`.
   * @returns whether it can be reached
   */
  checkService?(uri: string, checks: Checks, signal: AbortSignal | undefined): Promise<boolean>;
  /** @throws UsageError for an invalid address */
  place(uri: string): Place;
  /** Opens an output. @throws RecordpipeError `already-exists`, `access-denied`, `io-failure`, `unsupported-source`, … */
  write(uri: string, options: OutputOptions): Promise<Output>;
  /** Removes an object; one that does not exist is no error. @throws RecordpipeError `access-denied`, `io-failure`, … */
  remove(uri: string, signal?: AbortSignal): Promise<void>;
}

/** A run of bytes in a file. */
export interface Stretch {
  readonly position: number;
  readonly length: number;
}

/** A file or object, open for reading at any position. */
export interface StoredFile {
  /** Path or address. */
  readonly path: string;
  /** Its size and time of last change when it was opened. */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly closed: boolean;
  /** Whether it still is as it was when it was opened. */
  readonly unchanged: boolean;
  /** How to read a file whose reads are requests; undefined if `readNow` can read any range at any time. */
  readonly remote: RemoteReading | undefined;
  /**
   * Reads `length` bytes from `position` into `target[at, …)`, on this thread. A remote file can read what
   * {@link prepare} was called with.
   * @throws RecordpipeError `source-changed` where the file has become shorter; `closed`, `io-failure`
   */
  readNow(target: Uint8Array, at: number, length: number, position: number): void;
  /** The same without blocking this thread. */
  read(target: Uint8Array, at: number, length: number, position: number): Promise<void>;
  /** Makes `readNow` able to read these stretches, until the next call. Undefined if it always is. */
  prepare(stretches: readonly Stretch[]): Promise<void> | undefined;
  /** The whole contents in order, read ahead. Only for remote files. */
  stream(signal: AbortSignal | undefined): AsyncIterable<Uint8Array>;
  /** Runs work of several reads; `close` waits for it. */
  use<T>(work: () => Promise<T>): Promise<T>;
  closedError(): RecordpipeError;
  /** Closes the file when the reads in progress have ended. Later reads fail. */
  close(): Promise<void>;
}

/** How to read a file whose reads are requests. */
export interface RemoteReading {
  /** Maximum concurrent requests. */
  readonly requests: number;
  /** Maximum bytes per request. */
  readonly spanBytes: number;
  /** Bytes between two records that are read with them rather than skipped by another request. */
  readonly gapBytes: number;
}

/** How a storage is accessed. */
export interface Access {
  readonly objects?: Partial<ObjectOptions> | undefined;
  readonly signal?: AbortSignal | undefined;
}
