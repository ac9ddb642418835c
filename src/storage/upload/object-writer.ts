import { abortError, onAbort } from '../../bytes/abortable.ts';
import { checkOptionNames } from '../../bytes/arguments.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { DEFAULT_OBJECT_OPTIONS, type ObjectOptions, objectOptions } from '../object-options.ts';
import { type ObjectUpload, openUpload } from './object-upload.ts';
import type { WrittenObject } from './stored-object.ts';

/** How an object is written, and where to. Every field has a default; pass what differs. */
export interface ObjectWriteOptions extends ObjectOptions {
  /**
   * Whether an existing object of this name is replaced. Default false: it is an `already-exists` error, at once, or, where the
   * object appears meanwhile, when the writer is closed.
   */
  readonly overwrite: boolean;
  /** MIME type that the object is served as. Default: the service's, `application/octet-stream` or `binary/octet-stream`. */
  readonly contentType: string | undefined;
  /** User metadata, kept with the object as `x-amz-meta-NAME`. Names in lower case, values ASCII, 2 KiB in all. Default none. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Size of the whole, if known: makes parts large enough for it, so that 10,000 of them hold any object. Default: parts grow. */
  readonly expectedBytes: number | undefined;
  /** Makes every further call fail with `aborted`; nothing is left behind in the bucket. */
  readonly signal: AbortSignal | undefined;
}

const DEFAULTS: ObjectWriteOptions = Object.freeze({
  ...DEFAULT_OBJECT_OPTIONS,
  overwrite: false,
  contentType: undefined,
  metadata: Object.freeze({}),
  expectedBytes: undefined,
  signal: undefined,
});

/** S3's limit of one object, 48.8 TiB (qfacts.html): 10,000 parts of 5 GiB. */
const MAX_BYTES = 10_000 * 5 * 1024 ** 3;

/**
 * The complete options, checked.
 * @throws UsageError for a value that no option has
 */
export function objectWriteOptions(given: Partial<ObjectWriteOptions> = {}): ObjectWriteOptions {
  checkOptionNames('object writer', given, DEFAULTS);
  const { overwrite, contentType, metadata, expectedBytes, signal, ...objects } = given;
  if (expectedBytes !== undefined && !(Number.isSafeInteger(expectedBytes) && expectedBytes >= 0))
    throw new UsageError(`expectedBytes: expected an integer >= 0, got ${expectedBytes}`);
  if (expectedBytes !== undefined && expectedBytes > MAX_BYTES)
    throw new UsageError(`expectedBytes: expected at most ${MAX_BYTES}, got ${expectedBytes}`);
  for (const [name, value] of Object.entries(metadata ?? {})) {
    if (!/^[!#$%&'*+.^_`|~0-9a-z-]+$/.test(name) || !/^[\x20-\x7e]*$/.test(value))
      throw new UsageError(
        `metadata: expected names in lower case and values in ASCII, got ${name}: ${value}`,
      );
  }
  return {
    ...objectOptions(objects),
    overwrite: overwrite ?? DEFAULTS.overwrite,
    contentType,
    metadata: metadata ?? DEFAULTS.metadata,
    expectedBytes,
    signal,
  };
}

/** Of S3: parts but the last have at least 5 MiB, there are at most 10,000, and none has more than 5 GiB (qfacts.html). */
export const MIN_PART_BYTES: number = 5 * 1024 * 1024;
export const MAX_PARTS = 10_000;
export const MAX_PART_BYTES: number = 5 * 1024 * 1024 * 1024;

/** So many parts have the same size before the next ones get larger, where the size of the whole is not known: 8 GiB with parts of 8 MiB. */
const PARTS_PER_STEP = 1000;
/** With parts of 8 MiB to begin with, 10,000 parts then hold 885 GiB, and the last ones have 307 MiB. */
const STEP = 1.5;

/**
 * How large parts are. Of a known size all are equal; some services insist on that. Of an unknown size they are equal up to the 1000th.
 * @param partBytes what is asked for
 * @param expectedBytes size of the whole, if known
 * @returns the size of part `number`, from 1
 */
export function partSizes(partBytes: number, expectedBytes: number | undefined): (number: number) => number {
  const least = Math.max(partBytes, MIN_PART_BYTES);
  if (expectedBytes !== undefined) {
    const size = Math.max(least, Math.ceil(expectedBytes / MAX_PARTS));
    return () => size;
  }
  return (number) => {
    const grown = least * STEP ** Math.floor((number - 1) / PARTS_PER_STEP);
    return Math.min(Math.ceil(grown), MAX_PART_BYTES);
  };
}

/**
 * Opens an object of S3, or of what speaks like it, for writing. Nothing is there under its name before the writer is closed, and then all of it; what is not
 * closed leaves nothing behind, no parts either.
 *
 * What is smaller than a part goes in one request; more goes in parts of `partBytes` (8 MiB; larger ones where the size is `expectedBytes` or grows beyond
 * 8 GiB, for there are at most 10,000), of which up to `maxRequests` are under way at once, and no more than `windowBytes` are held. Each request carries the CRC-32C of its bytes
 * in a header, and the last one that of the whole object, so that the service refuses what has changed on the way; those that know no checksum of a whole object check each part. Parts that
 * fail are sent again (`maxAttempts`, `retryTimeoutMs`). In the end the service is asked what it has, and size, ETag and, where it keeps one, checksum are compared.
 *
 * Rules and limits: S3's user guide, "Multipart upload limits" and "Checking object integrity".
 *
 * @param uri `s3://bucket/key`, the key as it is, nothing in it escaped
 * @throws RecordpipeError `already-exists` (unless `overwrite`), `access-denied`, `object-missing` (no such bucket), `retries-exhausted`, `io-failure`, `aborted`
 * @throws UsageError for an address that is none, or a wrong option
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

const TAKEN = Promise.resolve();

interface Failure {
  readonly error: unknown;
}

/** Writes one object, in order. Made by `openObjectWriter`. */
export class ObjectWriter implements AsyncDisposable {
  readonly uri: string;
  readonly #upload: ObjectUpload;
  readonly #signal: AbortSignal | undefined;
  /** Parts that may be under way while another one fills. */
  readonly #parallel: (partBytes: number) => number;
  /** What goes into the next part: `#have` bytes of `#part`. */
  #part: Uint8Array | undefined;
  #have = 0;
  #number = 1;
  #bytes = 0;
  readonly #idle: Uint8Array[] = [];
  readonly #sending = new Set<Promise<void>>();
  /** Calls before this one, none if undefined. */
  #tail: Promise<void> | undefined;
  #failure: Failure | undefined;
  #givenUp: Promise<void> | undefined;
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

  /** Bytes taken so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Takes bytes, any number of them. When the promise resolves they have been copied, and the caller may use the memory again; it waits where the service is behind. Order is
   * kept even for those who do not wait.
   *
   * @throws RecordpipeError `closed`, `aborted`, or what kept an earlier part from being sent: `retries-exhausted`, `access-denied`, …; then the upload has been given up
   * @throws UsageError for anything but bytes
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

  /** Sends what is left, makes the object, and looks whether it is right. Calling it again gives the same answer. */
  close(): Promise<WrittenObject> {
    this.#closed ??= this.#finish();
    return this.#closed;
  }

  /** Gives the object up: what has been sent is taken away, an older object of the name stays as it is. */
  async abort(): Promise<void> {
    if (this.#closed !== undefined) {
      await this.#closed.catch(() => {});
      return;
    }
    const error = this.#closedError('the writer was aborted');
    this.#closed = Promise.reject(error);
    this.#closed.catch(() => {});
    await this.#giveUp(error);
  }

  /**
   * Aborts, unless `close` was called: leaving an `await using` block by an exception makes no object.
   * Call `close` at the end of the block.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.abort();
  }

  /** Copies at once, if that needs no waiting. */
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
      // A full part waits for more bytes: without any it is the whole object, or the last part.
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

  /** Sends the part that is full, as soon as there is room for another one under way. */
  async #sendPart(): Promise<void> {
    const part = this.#part!;
    const body = part.subarray(0, this.#have);
    const number = this.#number++;
    this.#part = undefined;
    this.#have = 0;
    const most = this.#parallel(part.length);
    while (this.#sending.size >= most && this.#failure === undefined) await Promise.race(this.#sending);
    this.#checkGood();
    const sending = this.#upload.part(number, body).then(
      () => {
        this.#sending.delete(sending);
        this.#idle.push(part);
      },
      (error: unknown) => {
        this.#sending.delete(sending);
        void this.#giveUp(error);
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
      // The first failure is the reason; ending the other parts makes them fail as well.
      const failure = this.#failure === undefined ? error : this.#failure.error;
      await this.#giveUp(failure);
      throw failure;
    } finally {
      this.#signal?.removeEventListener('abort', this.#onAbort);
      this.#part = undefined;
      this.#idle.length = 0;
    }
  }

  readonly #onAbort = (): void => {
    void this.#giveUp(abortError(this.#signal as AbortSignal));
  };

  #giveUp(error: unknown): Promise<void> {
    this.#failure ??= { error };
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#givenUp ??= this.#upload.abandon(error);
    return this.#givenUp;
  }

  #checkGood(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #closedError(what: string): RecordpipeError {
    return new RecordpipeError('closed', what, { uri: this.uri });
  }
}
