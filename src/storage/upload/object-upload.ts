import { abortError, onAbort } from '../../bytes/abortable.ts';
import { crc32c, crc32cCombine } from '../../crc32c/crc32c.ts';
import { RecordpipeError } from '../../errors.ts';
import { checkStored, isStored, md5, type Sent, type WrittenObject } from './stored-object.ts';
import {
  type ListedPart,
  type Multipart,
  type SentPart,
  type StoredResponse,
  UploadRequests,
} from './upload-requests.ts';
import { crcText, MAX_PARTS, type ObjectWriteOptions, partSizes, uploadAddress } from './write-options.ts';

/** The content to send, to be compared with the parts of an unfinished upload. */
export interface Parts {
  readonly size: number;
  readonly partBytes: number;
  /** CRC-32C of each part. */
  readonly crcs: readonly number[];
  /**
   * Reads a part, for services that list no checksums.
   * @param index zero-based index of the part
   */
  readonly read: (index: number) => Promise<Uint8Array>;
}

/**
 * Starts an upload.
 * @throws RecordpipeError `already-exists`, and the errors of UploadRequests
 */
export async function openUpload(uri: string, options: ObjectWriteOptions): Promise<ObjectUpload> {
  const address = uploadAddress(uri);
  const stop = new AbortController();
  const { signal } = options;
  const follow = (): void => stop.abort(signal?.reason);
  if (signal?.aborted) throw abortError(signal);
  onAbort(signal, follow);
  const requests = await UploadRequests.open(address, { ...options, signal: stop.signal });
  const release = (): void => signal?.removeEventListener('abort', follow);
  const upload = new ObjectUpload(requests, options, stop, release);
  try {
    await upload.checkName();
    return upload;
  } catch (error) {
    await upload.abandon(error);
    throw error;
  }
}

/**
 * An object that is being uploaded, whole or in concurrent parts. The bytes passed to a call must
 * not change until its promise settles. After a failure, the caller must call `abandon`, which
 * removes everything from the bucket.
 */
export class ObjectUpload {
  readonly uri: string;
  readonly partBytes: (number: number) => number;
  readonly #requests: UploadRequests;
  readonly #options: ObjectWriteOptions;
  readonly #stop: AbortController;
  readonly #release: () => void;
  readonly #parts: (SentPart | undefined)[] = [];
  readonly #running = new Set<Promise<unknown>>();
  #multipart: Promise<Multipart> | undefined;
  #failure: { readonly error: unknown } | undefined;

  constructor(
    requests: UploadRequests,
    options: ObjectWriteOptions,
    stop: AbortController,
    release: () => void,
  ) {
    this.uri = requests.address.uri;
    this.partBytes = partSizes(options.partBytes, options.expectedBytes);
    this.#requests = requests;
    this.#options = options;
    this.#stop = stop;
    this.#release = release;
  }

  /** The first error. */
  get failure(): unknown {
    return this.#failure?.error;
  }

  /** Signal that fires when the upload is abandoned. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Records an error that prevents the upload from completing, and ends running requests. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop.abort(error);
  }

  /**
   * Resumes an unfinished upload of the same object, for example from a killed process. Chooses the
   * upload with the most parts that match those to send.
   *
   * @returns the zero-based indexes of the parts that need not be sent
   */
  async resume(parts: Parts): Promise<ReadonlySet<number>> {
    let best: readonly SentPart[] = [];
    for (const multipart of await this.#requests.uploads()) {
      const found = await equalParts(await this.#requests.parts(multipart), parts);
      if (found.length <= best.length) continue;
      best = found;
      this.#multipart = Promise.resolve(multipart);
    }
    for (const part of best) this.#parts[part.number - 1] = part;
    return new Set(best.map(({ number }) => number - 1));
  }

  /** Throws early if the object exists. The condition in the final request is authoritative. */
  async checkName(): Promise<void> {
    if (this.#options.overwrite || (await this.#requests.head()) === undefined) return;
    const text = 'already exists; choose another name, or allow overwriting';
    throw new RecordpipeError('already-exists', text, { uri: this.uri });
  }

  /** Sends a part. @param number one-based @param crc CRC-32C of the body, if known */
  async part(number: number, body: Uint8Array, crc: number = crc32c(body)): Promise<void> {
    if (number > MAX_PARTS) {
      const text = `more than ${MAX_PARTS} parts; pass the size of the object (expectedBytes), or a larger part size (partBytes)`;
      throw new RecordpipeError('unrepresentable', text, { uri: this.uri });
    }
    this.#multipart ??= this.#requests.create();
    const sending = this.#multipart.then((multipart) => this.#requests.part(multipart, number, body, crc));
    this.#running.add(sending);
    try {
      this.#parts[number - 1] = await sending;
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    } finally {
      this.#running.delete(sending);
    }
  }

  /** Sends the object in one request. */
  async whole(body: Uint8Array): Promise<WrittenObject> {
    const sent: Sent = { size: body.length, crc: crc32c(body), parts: [], body };
    return this.#check(sent, await this.#requests.put(body, sent.crc, () => isStored(this.#requests, sent)));
  }

  /** Assembles the object from the sent parts. */
  async complete(): Promise<WrittenObject> {
    const multipart = await this.#multipart!;
    const parts = this.#parts.filter((part) => part !== undefined);
    let size = 0;
    let crc = 0;
    for (const part of parts) {
      crc = crc32cCombine(crc, part.crc, part.size);
      size += part.size;
    }
    const sent: Sent = { size, crc, parts, body: undefined };
    const stored = (): Promise<boolean> => isStored(this.#requests, sent);
    const response = await this.#requests.complete(multipart, parts, sent, stored);
    this.#multipart = undefined;
    return this.#check(sent, response);
  }

  /**
   * Ends running requests and removes the parts. Never fails: the lifecycle rules of the bucket
   * remove any remaining parts.
   */
  async abandon(reason: unknown): Promise<void> {
    this.fail(reason);
    this.#release();
    await Promise.allSettled(this.#running);
    const multipart = await this.#multipart?.catch(() => undefined);
    if (multipart !== undefined) await this.#requests.abort(multipart).catch(() => {});
  }

  async #check(sent: Sent, response: StoredResponse): Promise<WrittenObject> {
    const written = await checkStored(this.#requests, sent, response);
    this.#release();
    return written;
  }
}

/** Returns the listed parts that match those to send. */
async function equalParts(
  listed: readonly ListedPart[],
  { size, partBytes, crcs, read }: Parts,
): Promise<SentPart[]> {
  const found: SentPart[] = [];
  for (const part of listed) {
    const index = part.number - 1;
    const crc = crcs[index];
    const length = Math.min(partBytes, size - index * partBytes);
    if (crc === undefined || part.size !== length) continue;
    const same =
      part.crc32c === undefined
        ? part.etag.replaceAll('"', '') === md5(await read(index)).toString('hex')
        : part.crc32c === crcText(crc);
    if (same) found.push({ number: part.number, size: length, crc, etag: part.etag });
  }
  return found;
}
