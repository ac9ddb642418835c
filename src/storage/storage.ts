import { isObjectUri } from '../bytes/object-uri.ts';
import type { ObjectOptions } from './object-options.ts';

/** An object, as listings and answers describe it. */
export interface ObjectInfo {
  /** `s3://bucket/key`, the key as it is, nothing in it escaped; a path for local files. */
  readonly uri: string;
  readonly size: number;
  /** A token that changes whenever the object does, and nothing else: no digest. Undefined where the service gives none. */
  readonly etag: string | undefined;
  readonly versionId?: string | undefined;
  readonly modified?: Date | undefined;
}

/** An object that is to be read: what is not known of it yet is found out with the first answer. */
export interface ObjectRef {
  readonly uri: string;
  readonly size?: number | undefined;
  readonly etag?: string | undefined;
  readonly versionId?: string | undefined;
}

/** The checksum that the service keeps of an object. */
export interface ObjectChecksum {
  readonly algorithm: 'crc32c' | 'crc32' | 'crc64nvme' | 'sha1' | 'sha256';
  /** In base64, as the service gives it. */
  readonly value: string;
  /** Of the whole object, or one made of the checksums of the parts in which it was uploaded, which says nothing about a plain sequence of bytes. */
  readonly kind: 'whole' | 'parts';
}

export interface ObjectStat extends ObjectInfo {
  readonly checksums: readonly ObjectChecksum[];
  /** User metadata, names in lower case. */
  readonly metadata: Readonly<Record<string, string>>;
}

/** What one request asks for. */
export interface RangeRequest {
  readonly uri: string;
  /** First byte, from 0. */
  readonly start: number;
  /** Behind the last byte; undefined: to the end of the object. */
  readonly end: number | undefined;
  /** The answer must be of this state of the object (If-Match). */
  readonly etag?: string | undefined;
  readonly versionId?: string | undefined;
}

/** What the headers of an answer say. */
export interface RangeHead extends ObjectInfo {
  /** First byte and behind the last byte that the body is to hold: of what was asked for, what there is. */
  readonly start: number;
  readonly end: number;
}

/** Told what comes, on the way. */
export interface RangeSink {
  /** Once, before the first byte. What it throws ends the request and is thrown by `fetch`. */
  onHead(head: RangeHead): void;
  /**
   * Where the next bytes are to be put, at most `most` of them. Optional: for sources that can read to a place of the sink's; they hand the bytes to
   * `onData` all the same, and ask again when the place is full.
   */
  memory?(most: number): Uint8Array;
  /** Each chunk is handed over for good: it is never written to again. */
  onData(chunk: Uint8Array): void;
}

/** Where objects come from: S3, local files, or a test. All that the transport has to know of a service. */
export interface ObjectSource {
  /**
   * All objects whose address begins with `prefix`, in the order of the UTF-8 bytes of their keys, as they come.
   * @throws RecordpipeError `access-denied`, `object-missing` (no such bucket), `io-failure`, `retries-exhausted`, `aborted`
   */
  list(
    prefix: string,
    signal?: AbortSignal,
    /** Whether a folder is of interest; a source that has no folders ignores it. */
    enter?: (folder: string) => boolean,
  ): AsyncIterable<ObjectInfo>;
  /** @throws RecordpipeError `object-missing`, `access-denied`, `io-failure`, `retries-exhausted`, `aborted` */
  stat(ref: ObjectRef, signal?: AbortSignal): Promise<ObjectStat>;
  /**
   * One attempt of one request, whose body is read to its end. Every answer is checked: status, Content-Range, ETag, and that as many bytes came as were
   * announced. Nothing is tried again here; connections are never left with an unread body.
   * @throws FetchFailure what kind of failure it is; what the sink got until then are good bytes of the state of the object that `onHead` was told of
   */
  fetch(request: RangeRequest, sink: RangeSink, signal: AbortSignal): Promise<void>;
}

/** The source that an address belongs to: S3 for `s3://`, local files for paths and `file:` URLs. What S3 needs is loaded when it is first asked for. */
export async function objectSourceOf(uri: string | URL, options: ObjectOptions): Promise<ObjectSource> {
  if (isObjectUri(uri)) return (await import('./s3/s3-source.ts')).s3SourceOf(options);
  return (await import('./local/local-source.ts')).localSource();
}
