import type {
  CompletedPart,
  CompleteMultipartUploadCommandOutput,
  HeadObjectCommandOutput,
  ListMultipartUploadsCommandOutput,
  ListPartsCommandOutput,
  PutObjectCommandOutput,
  S3Client,
} from '@aws-sdk/client-s3';
import { abortError } from '../../bytes/abortable.ts';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { FetchFailure, objectError } from '../errors.ts';
import type { TransferOptions } from '../object-options.ts';
import type { RetryBudget } from '../prefetch/retry-budget.ts';
import { type Attempt, retry } from '../s3/retry.ts';
import type { UploadAddress } from './object-upload.ts';
import type { ObjectWriteOptions } from './object-writer.ts';
import type { UploadClient } from './upload-client.ts';

/** A CRC-32C as S3 writes it: its 4 bytes, most significant first, in base64. */
export function crcText(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc >>> 0);
  return bytes.toString('base64');
}

/** One request of an upload. */
interface UploadRequest {
  /** For messages: `part 3`. */
  readonly what: string;
  readonly uri: string;
  readonly options: TransferOptions;
  /** Maximum duration of an attempt. */
  readonly attemptMs: number;
  readonly signal: AbortSignal | undefined;
}

interface UploadAttempt extends Attempt {
  readonly signal: AbortSignal;
}

/**
 * Sends a request until it succeeds, fails for good, or exhausts its budget.
 *
 * @throws RecordpipeError `aborted`, `access-denied`, `object-missing`, `already-exists` (412),
 * `retries-exhausted`, `io-failure`
 */
async function withRetries<R>(
  request: UploadRequest,
  send: (attempt: UploadAttempt) => Promise<R>,
): Promise<R> {
  const { signal } = request;
  if (signal?.aborted) throw abortError(signal);
  const errorOf = (failure: FetchFailure, budget: RetryBudget): RecordpipeError =>
    signal?.aborted ? abortError(signal) : uploadError(failure, request, budget);
  return retry({ ...request, errorOf }, (attempt) => send(attempt as UploadAttempt));
}

function uploadError(
  failure: FetchFailure,
  { what, uri }: UploadRequest,
  { attempts, elapsedMs }: RetryBudget,
): RecordpipeError {
  if (failure.kind === 'changed') {
    const text = 'the object was created in the meantime; choose another name, or allow overwriting';
    return new RecordpipeError('already-exists', text, { uri }, failure);
  }
  if (failure.kind === 'denied') {
    const text = `${what}: access denied: ${failure.message}; writing needs s3:PutObject, and s3:AbortMultipartUpload to clean up after a failure`;
    return new RecordpipeError('access-denied', text, { uri }, failure);
  }
  if (failure.kind === 'fatal') {
    const text = `${what}: the service rejects it: ${failure.message}`;
    return new RecordpipeError('io-failure', text, { uri }, failure);
  }
  return objectError(failure, { uri, attempts, elapsedMs });
}

/** Putting many parts together may take the service minutes, in which it keeps the connection busy. */
const COMPLETE_MS = 300_000;
/** So long it is tried to take parts away again. */
const ABORT_MS = 10_000;

/** A multipart upload under way. */
export interface Multipart {
  readonly uploadId: string;
  /** What the service says it will check: the checksum of the whole, those of the parts, or it does not say. */
  readonly checks: 'whole' | 'parts' | 'unsaid';
}

/** A part that the service has. */
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
  /** In base64; undefined where the service keeps none. */
  readonly crc32c: string | undefined;
}

/** The requests that make one object, each tried again as long as that may help. All throw as `withRetries`. */
export class UploadRequests {
  readonly address: UploadAddress;
  readonly #client: UploadClient;
  readonly #options: ObjectWriteOptions;

  constructor(client: UploadClient, address: UploadAddress, options: ObjectWriteOptions) {
    this.#client = client;
    this.address = address;
    this.#options = options;
  }

  /** The whole object in one request. @param stored whether the object that is there now is the one that was sent, asked where the answer to an earlier attempt was lost */
  put(
    body: Uint8Array,
    crc: number,
    stored: () => Promise<boolean>,
  ): Promise<Pick<PutObjectCommandOutput, 'ETag' | 'VersionId' | 'ChecksumCRC32C'>> {
    return this.#send(
      { what: 'the object', attemptMs: this.#bodyMs(body.length) },
      async ({ signal, unsure }) => {
        const { PutObjectCommand } = this.#client.sdk;
        const command = new PutObjectCommand({
          ...this.#place(),
          ...this.#description(),
          ...this.#condition(),
          Body: body,
          ChecksumAlgorithm: 'CRC32C',
          ChecksumCRC32C: crcText(crc),
        });
        try {
          return await this.#call(signal, (client, sending) => client.send(command, sending));
        } catch (error) {
          if (unsure && isStatus(error, 412) && (await stored())) return {};
          throw error;
        }
      },
    );
  }

  /** Begins an object in parts, with as strong a check as the service takes. */
  async create(): Promise<Multipart> {
    try {
      return await this.#create({ ChecksumAlgorithm: 'CRC32C', ChecksumType: 'FULL_OBJECT' });
    } catch (error) {
      if (!refusesParameters(error)) throw error;
      return this.#create({});
    }
  }

  #create(checking: { ChecksumAlgorithm?: 'CRC32C'; ChecksumType?: 'FULL_OBJECT' }): Promise<Multipart> {
    return this.#send({ what: 'beginning the upload' }, async () => {
      const { CreateMultipartUploadCommand } = this.#client.sdk;
      const command = new CreateMultipartUploadCommand({
        ...this.#place(),
        ...this.#description(),
        ...checking,
      });
      // Not ended by the caller's signal: an upload whose name we do not get to know could not be given up.
      const own = AbortSignal.timeout(this.#shortMs);
      const answer = await this.#call(own, (client, sending) => client.send(command, sending));
      return {
        uploadId: answer.UploadId!,
        checks: checksOf({ ChecksumAlgorithm: answer.ChecksumAlgorithm, ChecksumType: answer.ChecksumType }),
      };
    });
  }

  async part({ uploadId }: Multipart, number: number, body: Uint8Array, crc: number): Promise<SentPart> {
    const { UploadPartCommand } = this.#client.sdk;
    const input = {
      ...this.#place(),
      UploadId: uploadId,
      PartNumber: number,
      Body: body,
      ChecksumAlgorithm: 'CRC32C',
      ChecksumCRC32C: crcText(crc),
    } as const;
    const { ETag } = await this.#send(
      { what: `part ${number}`, attemptMs: this.#bodyMs(body.length) },
      ({ signal }) =>
        this.#call(signal, (client, sending) => client.send(new UploadPartCommand(input), sending)),
    );
    return { number, size: body.length, crc, etag: ETag ?? '' };
  }

  /** Makes the object of its parts. @param stored as of `put` */
  complete(
    { uploadId, checks }: Multipart,
    parts: readonly SentPart[],
    whole: { readonly size: number; readonly crc: number },
    stored: () => Promise<boolean>,
  ): Promise<
    Pick<CompleteMultipartUploadCommandOutput, 'ETag' | 'VersionId' | 'ChecksumCRC32C' | 'ChecksumType'>
  > {
    const { CompleteMultipartUploadCommand } = this.#client.sdk;
    const listed = parts.map(
      ({ number, etag, crc }): CompletedPart => ({
        PartNumber: number,
        ETag: etag,
        ...(checks !== 'unsaid' && { ChecksumCRC32C: crcText(crc) }),
      }),
    );
    const input = {
      ...this.#place(),
      ...this.#condition(),
      UploadId: uploadId,
      MultipartUpload: { Parts: listed },
      ...(checks === 'whole' && {
        ChecksumCRC32C: crcText(whole.crc),
        ChecksumType: 'FULL_OBJECT' as const,
        MpuObjectSize: whole.size,
      }),
    };
    return this.#send(
      { what: 'completing the upload', attemptMs: COMPLETE_MS },
      async ({ signal, unsure }) => {
        try {
          return await this.#call(signal, (client, sending) =>
            client.send(new CompleteMultipartUploadCommand(input), sending),
          );
        } catch (error) {
          if (unsure && isStatus(error, 404, 412) && (await stored())) return {};
          throw error;
        }
      },
    );
  }

  /** Takes the parts away again, whether the signal has fired or not. */
  async abort({ uploadId }: Pick<Multipart, 'uploadId'>): Promise<void> {
    const { AbortMultipartUploadCommand, ListPartsCommand } = this.#client.sdk;
    const input = { ...this.#place(), UploadId: uploadId };
    const retried = {
      uri: this.address.uri,
      options: { ...this.#options, maxAttempts: 5, retryTimeoutMs: ABORT_MS },
      attemptMs: ABORT_MS,
      signal: undefined,
    };
    try {
      await withRetries({ ...retried, what: 'giving the upload up' }, async ({ signal }) => {
        const abort = (): Promise<unknown> =>
          this.#call(signal, (client, sending) =>
            client.send(new AbortMultipartUploadCommand(input), sending),
          );
        await abort();
        // A part that was on its way may have come behind it.
        const left = await this.#call(signal, (client, sending) =>
          client.send(new ListPartsCommand({ ...input, MaxParts: 1 }), sending),
        ).catch(() => undefined);
        if ((left?.Parts?.length ?? 0) > 0) await abort();
      });
    } catch (error) {
      if (!isRecordpipeError(error, 'object-missing')) throw error;
    }
  }

  /** What the service says of the object; undefined where it has none. */
  async head(): Promise<HeadObjectCommandOutput | undefined> {
    try {
      return await this.#send({ what: 'looking at the object' }, ({ signal }) => {
        const { HeadObjectCommand } = this.#client.sdk;
        const command = new HeadObjectCommand({ ...this.#place(), ChecksumMode: 'ENABLED' });
        return this.#call(signal, (client, sending) => client.send(command, sending));
      });
    } catch (error) {
      if (isRecordpipeError(error, 'object-missing')) return undefined;
      throw error;
    }
  }

  /** Removes the object, or does nothing where there is none. */
  async remove(): Promise<void> {
    const { DeleteObjectCommand } = this.#client.sdk;
    await this.#send({ what: 'removing the object' }, ({ signal }) =>
      this.#call(signal, (client, sending) => client.send(new DeleteObjectCommand(this.#place()), sending)),
    );
  }

  /** Uploads of this very object that were begun and not ended; none where they may not be listed. */
  async uploads(): Promise<Multipart[]> {
    const { ListMultipartUploadsCommand } = this.#client.sdk;
    const { Bucket, Key, ...payer } = this.#place();
    const found: Multipart[] = [];
    let at: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
    try {
      while (at !== undefined) {
        const command = new ListMultipartUploadsCommand({ Bucket, Prefix: Key, ...payer, ...at });
        const page: ListMultipartUploadsCommandOutput = await this.#send(
          { what: 'looking for interrupted uploads' },
          ({ signal }) => this.#call(signal, (client, sending) => client.send(command, sending)),
        );
        for (const { Key: key, UploadId, ChecksumAlgorithm, ChecksumType } of page.Uploads ?? [])
          if (key === Key && UploadId !== undefined)
            found.push({ uploadId: UploadId, checks: checksOf({ ChecksumAlgorithm, ChecksumType }) });
        // Keys come in order: the next one is longer. A marker that stands still would never end.
        const more: boolean | undefined =
          page.IsTruncated && page.NextKeyMarker === Key && page.NextUploadIdMarker !== at.UploadIdMarker;
        at = more ? { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker } : undefined;
      }
    } catch (error) {
      if (isRecordpipeError(error, 'aborted', 'retries-exhausted')) throw error;
      return [];
    }
    return found;
  }

  /** The parts that the service has of an upload; none where they may not be listed. */
  async parts({ uploadId }: Multipart): Promise<ListedPart[]> {
    const { ListPartsCommand } = this.#client.sdk;
    const found: ListedPart[] = [];
    let marker: string | undefined = '0';
    try {
      while (marker !== undefined) {
        const command: InstanceType<typeof ListPartsCommand> = new ListPartsCommand({
          ...this.#place(),
          UploadId: uploadId,
          PartNumberMarker: marker,
        });
        const page: ListPartsCommandOutput = await this.#send({ what: 'looking for parts' }, ({ signal }) =>
          this.#call(signal, (client, sending) => client.send(command, sending)),
        );
        for (const { PartNumber, Size, ETag, ChecksumCRC32C } of page.Parts ?? [])
          found.push({ number: PartNumber ?? 0, size: Size ?? -1, etag: ETag ?? '', crc32c: ChecksumCRC32C });
        const next = page.IsTruncated ? page.NextPartNumberMarker : undefined;
        // Part numbers rise; a marker that does not would never end.
        marker = next !== undefined && Number(next) > Number(marker) ? next : undefined;
      }
    } catch (error) {
      if (isRecordpipeError(error, 'aborted', 'retries-exhausted')) throw error;
      return [];
    }
    return found;
  }

  /** One attempt, to where the bucket is. */
  #call<R>(
    signal: AbortSignal,
    send: (client: S3Client, options: { readonly abortSignal?: AbortSignal }) => Promise<R>,
  ): Promise<R> {
    return this.#client.caller.call(this.address.bucket, signal, send);
  }

  #send<R>(
    request: { what: string; attemptMs?: number },
    send: (attempt: UploadAttempt) => Promise<R>,
  ): Promise<R> {
    const { signal } = this.#options;
    const attemptMs = request.attemptMs ?? this.#shortMs;
    return withRetries(
      { what: request.what, attemptMs, uri: this.address.uri, options: this.#options, signal },
      send,
    );
  }

  /** How long an attempt without a body may take. */
  get #shortMs(): number {
    return this.#options.connectTimeoutMs + this.#options.headersTimeoutMs;
  }

  /** How long an attempt that carries so many bytes may take at the slowest. */
  #bodyMs(bytes: number): number {
    return this.#shortMs + Math.ceil((bytes / this.#options.minBytesPerSecond) * 1000);
  }

  #place(): { Bucket: string; Key: string; RequestPayer?: 'requester' } {
    const { bucket, key } = this.address;
    return { Bucket: bucket, Key: key, ...(this.#options.requesterPays && { RequestPayer: 'requester' }) };
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

function isStatus(error: unknown, ...statuses: number[]): boolean {
  return error instanceof FetchFailure && error.status !== undefined && statuses.includes(error.status);
}

function checksOf(said: {
  readonly ChecksumAlgorithm: string | undefined;
  readonly ChecksumType: string | undefined;
}): Multipart['checks'] {
  if (said.ChecksumAlgorithm !== 'CRC32C') return 'unsaid';
  return said.ChecksumType === 'FULL_OBJECT' ? 'whole' : 'parts';
}

/** Whether a service does not know the parameters by which it is to check. */
function refusesParameters(error: unknown): boolean {
  if (!isRecordpipeError(error, 'io-failure')) return false;
  const { status } = (error as RecordpipeError).cause as FetchFailure;
  return status === 400 || status === 501;
}
