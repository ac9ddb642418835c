import type { ListMultipartUploadsCommandOutput, ListPartsCommandOutput, S3Client } from '@aws-sdk/client-s3';
import { abortError } from '../../bytes/abortable.ts';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { FetchFailure, objectError } from '../errors.ts';
import type { RetryBudget } from '../prefetch/attempts.ts';
import { type S3Sdk, s3Sdk } from '../s3/packages.ts';
import { retry } from '../s3/retry.ts';
import type { S3Caller } from '../s3/s3-caller.ts';
import { crcText, type ObjectWriteOptions, type UploadAddress } from './write-options.ts';

/** A multipart upload in progress. */
export interface Multipart {
  readonly uploadId: string;
  /** The checksums that the service verifies: of the whole object, of the parts, or unknown. */
  readonly checks: 'whole' | 'parts' | 'unknown';
}

/** A part that has been sent. */
export interface SentPart {
  readonly number: number;
  readonly size: number;
  readonly crc: number;
  readonly etag: string;
}

/** A part as the service lists it. */
export interface ListedPart {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
  /** CRC-32C in base64. Undefined if the service stores no checksum. */
  readonly crc32c: string | undefined;
}

/** The fields used from the response that completes an object. */
export interface StoredResponse {
  readonly ETag?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly ChecksumCRC32C?: string | undefined;
  readonly ChecksumType?: string | undefined;
}

/**
 * The fields used from the service's description of an object. Public declarations must not import
 * the SDK, which is optional.
 */
export interface ObjectHead extends StoredResponse {
  readonly ContentLength?: number | undefined;
  readonly LastModified?: Date | undefined;
  readonly Metadata?: Readonly<Record<string, string>> | undefined;
}

/** Time limit for completing an upload. Assembling many parts may take the service minutes. */
const COMPLETE_MS = 300_000;
/** Time limit for removing the parts of an abandoned upload. */
const CLEANUP_MS = 10_000;
const CLEANUP = { maxAttempts: 5, retryTimeoutMs: CLEANUP_MS };
/**
 * Response timeout of the HTTP client. `retry` limits each attempt, because its duration depends on
 * the body.
 */
const RESPONSE_MS = 900_000;

/** Sends a command with a client. */
type Call<R> = (client: S3Client, options: { readonly abortSignal?: AbortSignal }) => Promise<R>;

interface SendOptions<R> {
  /** Maximum duration of an attempt. Default: that of a request without a body. */
  readonly attemptMs?: number;
  /**
   * Handles a failure after an attempt whose response was lost. Returns undefined to report the
   * failure.
   */
  readonly recover?: (failure: FetchFailure) => Promise<R | undefined>;
  /** Whether the caller's signal prevents further attempts without ending the current one. */
  readonly uninterrupted?: boolean;
  /** Whether to send the request even if the caller's signal has fired. */
  readonly cleanup?: boolean;
}

/**
 * The requests that write one object. Each is retried.
 *
 * All throw RecordpipeError `aborted`, `access-denied`, `object-missing`, `already-exists` (412),
 * `retries-exhausted` or `io-failure`.
 */
export class UploadRequests {
  readonly address: UploadAddress;
  readonly #options: ObjectWriteOptions;
  readonly #sdk: S3Sdk;
  readonly #caller: S3Caller;

  static async open(address: UploadAddress, options: ObjectWriteOptions): Promise<UploadRequests> {
    const timeouts = {
      headersTimeoutMs: RESPONSE_MS,
      idleTimeoutMs: RESPONSE_MS,
      slowAfterMs: RESPONSE_MS,
      retryTimeoutMs: RESPONSE_MS,
    };
    const [sdk, { S3Caller }, { s3ClientsOf }] = await Promise.all([
      s3Sdk(),
      import('../s3/s3-caller.ts'),
      import('../s3/s3-clients.ts'),
    ]);
    const clients = await s3ClientsOf({ ...options, ...timeouts });
    return new UploadRequests(address, options, sdk, new S3Caller(clients, options));
  }

  private constructor(address: UploadAddress, options: ObjectWriteOptions, sdk: S3Sdk, caller: S3Caller) {
    this.address = address;
    this.#options = options;
    this.#sdk = sdk;
    this.#caller = caller;
  }

  /**
   * Sends the object in one request.
   *
   * @param isStored whether the service has this object; called if a response was lost
   */
  put(body: Uint8Array, crc: number, isStored: () => Promise<boolean>): Promise<StoredResponse> {
    const command = () =>
      new this.#sdk.PutObjectCommand({
        ...this.#object(),
        ...this.#description(),
        ...this.#condition(),
        Body: body,
        ChecksumAlgorithm: 'CRC32C',
        ChecksumCRC32C: crcText(crc),
      });
    return this.#send<StoredResponse>('the object', (client, options) => client.send(command(), options), {
      attemptMs: this.#bodyMs(body.length),
      recover: async ({ status }) => (status === 412 && (await isStored()) ? {} : undefined),
    });
  }

  /** Starts a multipart object, with the strongest check that the service supports. */
  async create(): Promise<Multipart> {
    try {
      return await this.#create({ ChecksumAlgorithm: 'CRC32C', ChecksumType: 'FULL_OBJECT' });
    } catch (error) {
      if (!rejectsParameters(error)) throw error;
      return this.#create({});
    }
  }

  async #create(checks: { ChecksumAlgorithm?: 'CRC32C'; ChecksumType?: 'FULL_OBJECT' }): Promise<Multipart> {
    const input = { ...this.#object(), ...this.#description(), ...checks };
    const command = () => new this.#sdk.CreateMultipartUploadCommand(input);
    // Do not interrupt this request, because an upload with an unknown id could not be removed.
    const response = await this.#send(
      'starting the upload',
      (client, options) => client.send(command(), options),
      { uninterrupted: true },
    );
    return multipartOf(response);
  }

  async part({ uploadId }: Multipart, number: number, body: Uint8Array, crc: number): Promise<SentPart> {
    const command = () =>
      new this.#sdk.UploadPartCommand({
        ...this.#object(),
        UploadId: uploadId,
        PartNumber: number,
        Body: body,
        ChecksumAlgorithm: 'CRC32C',
        ChecksumCRC32C: crcText(crc),
      });
    const { ETag } = await this.#send(
      `part ${number}`,
      (client, options) => client.send(command(), options),
      { attemptMs: this.#bodyMs(body.length) },
    );
    return { number, size: body.length, crc, etag: ETag ?? '' };
  }

  /** Assembles the object from its parts. @param isStored the same as for {@link put} */
  complete(
    { uploadId, checks }: Multipart,
    parts: readonly SentPart[],
    whole: { readonly size: number; readonly crc: number },
    isStored: () => Promise<boolean>,
  ): Promise<StoredResponse> {
    const command = () =>
      new this.#sdk.CompleteMultipartUploadCommand({
        ...this.#object(),
        ...this.#condition(),
        UploadId: uploadId,
        MultipartUpload: {
          Parts: parts.map(({ number, etag, crc }) => ({
            PartNumber: number,
            ETag: etag,
            ...(checks !== 'unknown' && { ChecksumCRC32C: crcText(crc) }),
          })),
        },
        ...(checks === 'whole' && {
          ChecksumCRC32C: crcText(whole.crc),
          ChecksumType: 'FULL_OBJECT' as const,
          MpuObjectSize: whole.size,
        }),
      });
    return this.#send<StoredResponse>(
      'completing the upload',
      (client, options) => client.send(command(), options),
      {
        attemptMs: COMPLETE_MS,
        recover: async ({ status }) =>
          (status === 404 || status === 412) && (await isStored()) ? {} : undefined,
      },
    );
  }

  /** Removes the parts, even if the signal has fired. */
  async abort({ uploadId }: Pick<Multipart, 'uploadId'>): Promise<void> {
    const { AbortMultipartUploadCommand, ListPartsCommand } = this.#sdk;
    const input = { ...this.#object(), UploadId: uploadId };
    const abort: Call<unknown> = async (client, options) => {
      await client.send(new AbortMultipartUploadCommand(input), options);
      // A part that was in flight may have been stored afterwards.
      const left = await client
        .send(new ListPartsCommand({ ...input, MaxParts: 1 }), options)
        .catch(() => undefined);
      if (left?.Parts?.length) await client.send(new AbortMultipartUploadCommand(input), options);
    };
    try {
      await this.#send('removing the upload', abort, { attemptMs: CLEANUP_MS, cleanup: true });
    } catch (error) {
      if (!isRecordpipeError(error, 'object-missing')) throw error;
    }
  }

  /** Returns the service's description of the object, or undefined if it does not exist. */
  async head(): Promise<ObjectHead | undefined> {
    const command = () => new this.#sdk.HeadObjectCommand({ ...this.#object(), ChecksumMode: 'ENABLED' });
    try {
      return await this.#send('checking the object', (client, options) => client.send(command(), options));
    } catch (error) {
      if (isRecordpipeError(error, 'object-missing')) return undefined;
      throw error;
    }
  }

  /** Removes the object. A missing object is not an error. */
  async remove(): Promise<void> {
    const command = () => new this.#sdk.DeleteObjectCommand(this.#object());
    await this.#send('removing the object', (client, options) => client.send(command(), options));
  }

  /**
   * Returns the unfinished uploads of this object. Returns an empty array if listing is not
   * permitted.
   */
  async uploads(): Promise<Multipart[]> {
    const { Bucket, Key, ...payer } = this.#object();
    type Marker = { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined };
    return this.#pages<Multipart, Marker>('listing unfinished uploads', async (marker, send) => {
      const input = { Bucket, Prefix: Key, ...payer, ...marker };
      const command = () => new this.#sdk.ListMultipartUploadsCommand(input);
      const page: ListMultipartUploadsCommandOutput = await send((client, options) =>
        client.send(command(), options),
      );
      const found = (page.Uploads ?? []).filter(({ Key: key, UploadId }) => key === Key && UploadId);
      // Keys are in order. A repeated marker would cause an endless loop.
      const more =
        page.IsTruncated && page.NextKeyMarker === Key && page.NextUploadIdMarker !== marker?.UploadIdMarker;
      const next = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker };
      return { items: found.map(multipartOf), next: more ? next : undefined };
    });
  }

  /** Returns the stored parts of an upload. Returns an empty array if listing is not permitted. */
  async parts({ uploadId }: Multipart): Promise<ListedPart[]> {
    return this.#pages<ListedPart, string>('listing parts', async (marker = '0', send) => {
      const input = { ...this.#object(), UploadId: uploadId, PartNumberMarker: marker };
      const command = () => new this.#sdk.ListPartsCommand(input);
      const page: ListPartsCommandOutput = await send((client, options) => client.send(command(), options));
      const items = (page.Parts ?? []).map(({ PartNumber, Size, ETag, ChecksumCRC32C }) => ({
        number: PartNumber ?? 0,
        size: Size ?? -1,
        etag: ETag ?? '',
        crc32c: ChecksumCRC32C,
      }));
      const next = page.IsTruncated ? page.NextPartNumberMarker : undefined;
      // A part number that does not grow would cause an endless loop.
      return { items, next: next !== undefined && Number(next) > Number(marker) ? next : undefined };
    });
  }

  /** Collects all pages. Returns an empty array if listing is not permitted. */
  async #pages<Item, Marker>(
    what: string,
    load: (
      marker: Marker | undefined,
      send: <R>(call: Call<R>) => Promise<R>,
    ) => Promise<{ items: readonly Item[]; next: Marker | undefined }>,
  ): Promise<Item[]> {
    const all: Item[] = [];
    let marker: Marker | undefined;
    try {
      do {
        const { items, next } = await load(marker, (call) => this.#send(what, call));
        for (const item of items) all.push(item);
        marker = next;
      } while (marker !== undefined);
    } catch (error) {
      if (isRecordpipeError(error, 'aborted', 'retries-exhausted')) throw error;
      return [];
    }
    return all;
  }

  async #send<R>(what: string, call: Call<R>, given: SendOptions<R> = {}): Promise<R> {
    const { attemptMs = this.#shortMs, recover, uninterrupted = false, cleanup = false } = given;
    const { uri, bucket } = this.address;
    const signal = cleanup ? undefined : this.#options.signal;
    if (signal?.aborted) throw abortError(signal);
    const options = cleanup ? { ...this.#options, ...CLEANUP } : this.#options;
    const errorOf = (failure: FetchFailure, budget: RetryBudget): RecordpipeError =>
      signal?.aborted ? abortError(signal) : uploadError(what, uri, failure, budget);
    return retry({ uri, options, signal, attemptMs, errorOf }, async (attempt) => {
      const own = uninterrupted ? AbortSignal.timeout(attemptMs) : attempt.signal;
      try {
        return await this.#caller.call(bucket, own, call);
      } catch (error) {
        const known = attempt.unsure && error instanceof FetchFailure ? await recover?.(error) : undefined;
        if (known !== undefined) return known;
        throw error;
      }
    });
  }

  /** Maximum duration of an attempt without a body. */
  get #shortMs(): number {
    return this.#options.connectTimeoutMs + this.#options.headersTimeoutMs;
  }

  /** Returns the maximum duration of an attempt with a body of this size. */
  #bodyMs(bytes: number): number {
    return this.#shortMs + Math.ceil((bytes / this.#options.minBytesPerSecond) * 1000);
  }

  #object(): { Bucket: string; Key: string; RequestPayer?: 'requester' } {
    return { Bucket: this.address.bucket, Key: this.address.key, ...this.#caller.payer };
  }

  #description(): { ContentType?: string; Metadata?: Record<string, string> } {
    const { contentType, metadata } = this.#options;
    return {
      ...(contentType !== undefined && { ContentType: contentType }),
      ...(Object.keys(metadata).length > 0 && { Metadata: { ...metadata } }),
    };
  }

  #condition(): { IfNoneMatch?: '*' } {
    return this.#options.overwrite ? {} : { IfNoneMatch: '*' };
  }
}

function multipartOf(said: {
  readonly UploadId?: string | undefined;
  readonly ChecksumAlgorithm?: string | undefined;
  readonly ChecksumType?: string | undefined;
}): Multipart {
  const { UploadId, ChecksumAlgorithm, ChecksumType } = said;
  const whole = ChecksumType === 'FULL_OBJECT' ? 'whole' : 'parts';
  return { uploadId: UploadId!, checks: ChecksumAlgorithm === 'CRC32C' ? whole : 'unknown' };
}

/** Reports whether the service rejects the checksum parameters as unsupported. */
function rejectsParameters(error: unknown): boolean {
  if (!isRecordpipeError(error, 'io-failure')) return false;
  const { status } = (error as RecordpipeError).cause as FetchFailure;
  return status === 400 || status === 501;
}

function uploadError(
  what: string,
  uri: string,
  failure: FetchFailure,
  { attempts, elapsedMs }: RetryBudget,
): RecordpipeError {
  const error = (code: 'already-exists' | 'access-denied' | 'io-failure', text: string) =>
    new RecordpipeError(code, text, { uri }, failure);
  switch (failure.kind) {
    case 'changed':
      return error(
        'already-exists',
        'the object was created in the meantime; choose another name, or allow overwriting',
      );
    case 'denied':
      return error(
        'access-denied',
        `${what}: access denied: ${failure.message}; writing requires s3:PutObject, and cleanup after a failure requires s3:AbortMultipartUpload`,
      );
    case 'fatal':
      return error('io-failure', `${what}: the service rejected the request: ${failure.message}`);
    default:
      return objectError(failure, { uri, attempts, elapsedMs });
  }
}
