import { abortError, onAbort } from '../../bytes/abortable.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { type ObjectUpload, openUpload } from './object-upload.ts';
import type { WrittenObject } from './stored-object.ts';
import { UploadRequests } from './upload-requests.ts';
import { type ObjectWriteOptions, objectWriteOptions, uploadAddress } from './write-options.ts';

/**
 * Opens an object in S3 or a compatible service for writing. The complete object appears when the
 * writer is closed. A writer that is not closed leaves nothing in the bucket, not even parts.
 *
 * An object smaller than `partBytes` (8 MiB) is sent in one request. A larger one is sent in parts,
 * up to `maxRequests` at once, with up to `windowBytes` in memory. Because S3 allows only 10,000
 * parts, parts are larger if `expectedBytes` requires it, and grow after 8 GiB. Every request
 * carries the CRC-32C of its bytes, and the last one that of the whole object, so that the service
 * rejects bytes corrupted in transit. Failed parts are retried (`maxAttempts`, `retryTimeoutMs`).
 * Finally, the writer verifies the size, ETag and checksum that the service reports.
 *
 * Rules and limits: S3's user guide, "Multipart upload limits" and "Checking object integrity".
 *
 * @param uri `s3://bucket/key`, with nothing in the key escaped
 * @throws RecordpipeError `already-exists` (unless `overwrite`), `access-denied`, `object-missing`
 *   (no such bucket), `retries-exhausted`, `io-failure`, `aborted`
 * @throws UsageError for an invalid address or option
 * @example
 * ```ts
 * import { openObjectWriter } from 'recordpipe/storage';
 * async function save(lines: Iterable<string>, uri: string): Promise<string> {
 *   const writer = await openObjectWriter(uri, { contentType: 'application/jsonl', overwrite: true });
 *   try {
 *     for (const line of lines) await writer.write(new TextEncoder().encode(`${line}\n`));
 *     const { size, verified } = await writer.close();
 *     return `${size} bytes, compared: ${verified}`;
 *   } finally {
 *     await writer.abort(); // does nothing after close()
 *   }
 * }
 * console.log(save.length); // 2
 * ```
 */
export async function openObjectWriter(
  uri: string | URL,
  given?: Partial<ObjectWriteOptions>,
): Promise<ObjectWriter> {
  const options = objectWriteOptions(given);
  return new ObjectWriter(await openUpload(String(uri), options), options);
}

/**
 * Removes an object. A missing object is not an error.
 *
 * @throws RecordpipeError `access-denied`, `retries-exhausted`, `io-failure`, `aborted`
 */
export async function removeObject(uri: string, given: Partial<ObjectWriteOptions>): Promise<void> {
  await (await UploadRequests.open(uploadAddress(uri), objectWriteOptions(given))).remove();
}

const TAKEN = Promise.resolve();

/** Writes one object in order. See {@link openObjectWriter}. */
export class ObjectWriter implements AsyncDisposable {
  /** Address of the object. */
  readonly uri: string;
  readonly #upload: ObjectUpload;
  readonly #signal: AbortSignal | undefined;
  /** Returns the number of parts that may be in flight while another one fills. */
  readonly #parallel: (partBytes: number) => number;
  /** The next part, with `#have` bytes filled. */
  #part: Uint8Array | undefined;
  #have = 0;
  #number = 1;
  #bytes = 0;
  readonly #idle: Uint8Array[] = [];
  readonly #sending = new Set<Promise<void>>();
  /** Promise that settles after all earlier calls to `write`. Undefined if they have settled. */
  #tail: Promise<void> | undefined;
  #failure: { readonly error: unknown } | undefined;
  #abandoned: Promise<void> | undefined;
  #closed: Promise<WrittenObject> | undefined;

  /** @hideconstructor */
  constructor(upload: ObjectUpload, options: ObjectWriteOptions) {
    this.uri = upload.uri;
    this.#upload = upload;
    this.#signal = options.signal;
    const { windowBytes, maxRequests } = options;
    this.#parallel = (partBytes) =>
      Math.max(1, Math.min(maxRequests, Math.floor(windowBytes / partBytes) - 1));
    onAbort(options.signal, this.#onAbort);
    if (options.signal?.aborted) this.#onAbort();
  }

  /** Number of bytes accepted so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Appends bytes. When the promise resolves, the bytes have been copied and the caller may reuse
   * the memory. It resolves later if the service is slow. Calls keep their order without awaiting.
   *
   * @throws RecordpipeError `closed`, `aborted`, or the failure of an earlier part, such as
   *   `retries-exhausted`; then the upload has been abandoned
   * @throws UsageError for any value except bytes
   */
  write(bytes: Uint8Array): Promise<void> {
    if (!(bytes instanceof Uint8Array))
      throw new UsageError(`write: expected bytes (Uint8Array), got ${typeof bytes}`);
    if (this.#failure !== undefined) return Promise.reject(this.#failure.error);
    if (this.#closed !== undefined) return Promise.reject(this.#closedError('the writer is closed'));
    this.#bytes += bytes.length;
    if (this.#tail === undefined && this.#copiedWhole(bytes)) return TAKEN;
    const turn = (this.#tail ?? TAKEN).then(() => this.#take(bytes));
    this.#tail = turn;
    const done = (): void => {
      if (this.#tail === turn) this.#tail = undefined;
    };
    turn.then(done, done);
    return turn;
  }

  /**
   * Sends the remaining bytes, completes the object and verifies it. Repeated calls return the same
   * promise.
   */
  close(): Promise<WrittenObject> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  /**
   * Abandons the upload and removes its parts. An existing object with the same name is unchanged.
   */
  async abort(): Promise<void> {
    if (this.#closed !== undefined) {
      await this.#closed.catch(() => {});
      return;
    }
    const error = this.#closedError('the writer was aborted');
    this.#closed = Promise.reject(error);
    this.#closed.catch(() => {});
    await this.#abandon(error);
  }

  /**
   * Aborts the upload unless `close` was called. Runs at the end of an `await using` block, so that
   * an exception creates no object.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }

  /** Copies the bytes if they fit in the current part. */
  #copiedWhole(bytes: Uint8Array): boolean {
    const part = this.#part;
    if (part === undefined || this.#have + bytes.length > part.length) return false;
    part.set(bytes, this.#have);
    this.#have += bytes.length;
    return true;
  }

  async #take(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length; ) {
      this.#checkGood();
      // If no bytes follow, a full part is the whole object or the last part.
      if (this.#part !== undefined && this.#have === this.#part.length) await this.#sendPart();
      this.#part ??= this.#emptyPart();
      const piece = bytes.subarray(at, at + this.#part.length - this.#have);
      this.#part.set(piece, this.#have);
      this.#have += piece.length;
      at += piece.length;
    }
  }

  #emptyPart(): Uint8Array {
    const size = this.#upload.partBytes(this.#number);
    for (let idle = this.#idle.pop(); idle !== undefined; idle = this.#idle.pop())
      if (idle.length === size) return idle;
    return Buffer.allocUnsafeSlow(size);
  }

  /** Sends the current part as soon as fewer than the maximum are in flight. */
  async #sendPart(): Promise<void> {
    const part = this.#part!;
    const body = part.subarray(0, this.#have);
    const number = this.#number++;
    this.#part = undefined;
    this.#have = 0;
    const max = this.#parallel(part.length);
    while (this.#sending.size >= max && this.#failure === undefined) await Promise.race(this.#sending);
    this.#checkGood();
    const sending = this.#upload.part(number, body).then(
      () => {
        this.#sending.delete(sending);
        this.#idle.push(part);
      },
      (error: unknown) => {
        this.#sending.delete(sending);
        void this.#abandon(error);
      },
    );
    this.#sending.add(sending);
  }

  async #finish(): Promise<WrittenObject> {
    try {
      await this.#tail;
      this.#checkGood();
      if (this.#number === 1)
        return await this.#upload.whole((this.#part ?? new Uint8Array()).subarray(0, this.#have));
      if (this.#have > 0) await this.#sendPart();
      await Promise.all(this.#sending);
      this.#checkGood();
      return await this.#upload.complete();
    } catch (error) {
      // The first failure is the cause of all others.
      const failure = this.#failure === undefined ? error : this.#failure.error;
      await this.#abandon(failure);
      throw failure;
    } finally {
      this.#signal?.removeEventListener('abort', this.#onAbort);
      this.#part = undefined;
      this.#idle.length = 0;
    }
  }

  readonly #onAbort = (): void => {
    void this.#abandon(abortError(this.#signal as AbortSignal));
  };

  #abandon(error: unknown): Promise<void> {
    this.#failure ??= { error };
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#abandoned ??= this.#upload.abandon(error);
    return this.#abandoned;
  }

  #checkGood(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #closedError(what: string): RecordpipeError {
    return new RecordpipeError('closed', what, { uri: this.uri });
  }
}
