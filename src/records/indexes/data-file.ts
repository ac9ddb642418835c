import type { RecordpipeError } from '../../errors.ts';

/** A stretch of a file. */
export interface Stretch {
  readonly position: number;
  readonly length: number;
}

/** Data, or an index, open for reading at any place: a file, an object, or what has been read into memory. */
export interface DataFile {
  /** Path or address. */
  readonly path: string;
  /** Its size and time of last change when it was opened. */
  readonly size: number;
  readonly mtimeNs: bigint;
  readonly closed: boolean;
  /** Whether it is still as it was when it was opened. */
  readonly unchanged: boolean;
  /** For files whose reads are requests, what a request is worth; undefined where `readNow` reads anything at any time. */
  readonly remote: RemoteReading | undefined;
  /** Reads `length` bytes from `position` on into `target[at, …)`, on this thread; of remote files what {@link prepare} was told of. */
  readNow(target: Uint8Array, at: number, length: number, position: number): void;
  /** The same, without keeping this thread waiting. */
  read(target: Uint8Array, at: number, length: number, position: number): Promise<void>;
  /** Makes `readNow` able to read these stretches, until it is called again. Undefined where it is anyway. */
  prepare(stretches: readonly Stretch[]): Promise<void> | undefined;
  /** All of it in order, read ahead. Only of remote files. */
  stream(signal: AbortSignal | undefined): AsyncIterable<Uint8Array>;
  /** Does work of several reads, for whose end closing waits. */
  use<T>(work: () => Promise<T>): Promise<T>;
  closedError(): RecordpipeError;
  /** Closes it, once the reads under way have ended. Later reads fail. */
  close(): Promise<void>;
}

/** How a file is read whose reads are requests. */
export interface RemoteReading {
  /** Requests under way at once. */
  readonly requests: number;
  /** The most bytes of a request. */
  readonly spanBytes: number;
  /** Bytes between two records that are read along with them rather than left out by another request. */
  readonly gapBytes: number;
}
