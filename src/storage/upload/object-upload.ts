import { createHash } from 'node:crypto';
import { abortError, onAbort } from '../../bytes/abortable.ts';
import { crc32cCombine } from '../../crc32c/combine.ts';
import { crc32c } from '../../crc32c/crc32c.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { parseObjectUri } from '../object-address.ts';
import { MAX_PARTS, type ObjectWriteOptions, partSizes } from './object-writer.ts';
import { checkStored, isStored, type Sent, type WrittenObject } from './stored-object.ts';
import { uploadClient } from './upload-client.ts';
import {
  crcText,
  type ListedPart,
  type Multipart,
  type SentPart,
  UploadRequests,
} from './upload-requests.ts';

/** Where an object is going to be. */
export interface UploadAddress {
  readonly uri: string;
  readonly bucket: string;
  readonly key: string;
}

/** Keys are at most so many bytes of UTF-8: API_PutObject. */
const MAX_KEY_BYTES = 1024;

/**
 * The bucket and key of `s3://bucket/key`.
 * @throws UsageError for anything else
 */
export function uploadAddress(uri: string): UploadAddress {
  if (!uri.startsWith('s3://')) throw new UsageError(`uri: expected s3://bucket/key, got ${uri}`);
  const { bucket, key } = parseObjectUri(uri);
  if (key === '') throw new UsageError(`uri: expected s3://bucket/key, got ${uri}, which names no object`);
  if (Buffer.byteLength(key) > MAX_KEY_BYTES)
    throw new UsageError(`uri: expected a key of at most ${MAX_KEY_BYTES} bytes, got ${uri}`);
  return { uri, bucket, key };
}

/** What is to be sent, by the CRC-32C of its parts. */
export interface Parts {
  readonly size: number;
  readonly partBytes: number;
  readonly crcs: readonly number[];
  /** The bytes of a part, for services that list no checksums. @param index from 0 */
  readonly read: (index: number) => Promise<Uint8Array>;
}

/** An upload that was interrupted, and what the service has of it. */
export interface Resumable {
  readonly multipart: Multipart;
  /** Those that are as they would be sent now. */
  readonly parts: readonly SentPart[];
}

/**
 * Looks for an upload of the same object that was begun and neither completed nor given up, as a killed process leaves it. Of several the one with the most parts is taken;
 * undefined where there is none, or none may be listed.
 */
export async function findResumable(requests: UploadRequests, parts: Parts): Promise<Resumable | undefined> {
  let best: Resumable | undefined;
  for (const multipart of await requests.uploads()) {
    const found = await fitting(await requests.parts(multipart), parts);
    if (found.length > (best?.parts.length ?? 0)) best = { multipart, parts: found };
  }
  return best;
}

async function fitting(
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
      part.crc32c !== undefined
        ? part.crc32c === crcText(crc)
        : part.etag.replaceAll('"', '') === md5(await read(index));
    if (same) found.push({ number: part.number, size: length, crc, etag: part.etag });
  }
  return found;
}

function md5(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** @throws RecordpipeError `already-exists`, and as `withRetries` */
export async function openUpload(uri: string, options: ObjectWriteOptions): Promise<ObjectUpload> {
  const address = uploadAddress(uri);
  const stop = new AbortController();
  const { signal } = options;
  const follow = (): void => stop.abort(signal?.reason);
  if (signal?.aborted) throw abortError(signal);
  onAbort(signal, follow);
  const requests = new UploadRequests(await uploadClient(options), address, {
    ...options,
    signal: stop.signal,
  });
  const upload = new ObjectUpload(requests, options, stop, () =>
    signal?.removeEventListener('abort', follow),
  );
  try {
    await upload.checkName();
    return upload;
  } catch (error) {
    await upload.abandon(error);
    throw error;
  }
}

/**
 * One object on its way: whole, or in parts of which several are under way. Bytes that are handed over must stay as they are until the promise settles.
 * The first failure is that of all; whoever meets it calls `abandon`, and nothing stays in the bucket.
 */
export class ObjectUpload {
  readonly uri: string;
  readonly partBytes: (number: number) => number;
  readonly #requests: UploadRequests;
  readonly #options: ObjectWriteOptions;
  readonly #stop: AbortController;
  readonly #release: () => void;
  readonly #parts: (SentPart | undefined)[] = [];
  readonly #underWay = new Set<Promise<unknown>>();
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

  get failure(): unknown {
    return this.#failure?.error;
  }

  /** Fires when the upload is given up, for whatever reason. */
  get signal(): AbortSignal {
    return this.#stop.signal;
  }

  /** Takes note of what makes going on senseless, and ends what is under way. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#stop.abort(error);
  }

  /**
   * Goes on with an upload that was interrupted, if there is one.
   * @returns the parts, from 0, that need not be sent
   */
  async resume(parts: Parts): Promise<ReadonlySet<number>> {
    const found = await findResumable(this.#requests, parts);
    if (found === undefined) return new Set();
    this.#multipart = Promise.resolve(found.multipart);
    for (const part of found.parts) this.#parts[part.number - 1] = part;
    return new Set(found.parts.map(({ number }) => number - 1));
  }

  /** Early, before many bytes are sent for nothing; the condition of the last request decides. */
  async checkName(): Promise<void> {
    if (this.#options.overwrite) return;
    const there = await this.#requests.head();
    if (there === undefined) return;
    const text = 'an object has that name already';
    throw new RecordpipeError('already-exists', text, { uri: this.uri });
  }

  /** Sends a part. @param number from 1 @param crc CRC-32C of the body, if known */
  async part(number: number, body: Uint8Array, crc: number = crc32c(body)): Promise<void> {
    if (number > MAX_PARTS) {
      const text = `more than ${MAX_PARTS} parts: name the size beforehand (expectedBytes), or larger parts (partBytes)`;
      throw new RecordpipeError('unrepresentable', text, { uri: this.uri });
    }
    this.#multipart ??= this.#requests.create();
    const sending = this.#multipart.then((multipart) => this.#requests.part(multipart, number, body, crc));
    this.#underWay.add(sending);
    try {
      this.#parts[number - 1] = await sending;
    } catch (error) {
      this.#failure ??= { error };
      throw error;
    } finally {
      this.#underWay.delete(sending);
    }
  }

  /** Sends the object in one request. */
  async whole(body: Uint8Array): Promise<WrittenObject> {
    const sent: Sent = { size: body.length, crc: crc32c(body), parts: [], body };
    const answer = await this.#requests.put(body, sent.crc, () => isStored(this.#requests, sent));
    return this.#check(sent, answer);
  }

  /** Makes the object of the parts that were sent. */
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
    const answer = await this.#requests.complete(multipart, parts, sent, () =>
      isStored(this.#requests, sent),
    );
    this.#multipart = undefined;
    return this.#check(sent, answer);
  }

  /** Ends what is under way, and takes the parts away. Never fails: what cannot be taken away is left to the bucket's lifecycle rules. */
  async abandon(reason: unknown): Promise<void> {
    this.#failure ??= { error: reason };
    this.#stop.abort(reason);
    this.#release();
    await Promise.allSettled(this.#underWay);
    const multipart = await this.#multipart?.catch(() => undefined);
    if (multipart !== undefined) await this.#requests.abort(multipart).catch(() => {});
  }

  async #check(sent: Sent, answer: Parameters<typeof checkStored>[2]): Promise<WrittenObject> {
    const written = await checkStored(this.#requests, sent, answer);
    this.#release();
    return written;
  }
}
