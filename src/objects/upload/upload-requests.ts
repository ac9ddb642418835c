import type {
  CompletedPart,
  CompleteMultipartUploadCommandOutput,
  HeadObjectCommandOutput,
  PutObjectCommandOutput,
} from '@aws-sdk/client-s3';
import { isRecordpipeError, type RecordpipeError } from '../../errors.ts';
import type { FetchFailure } from '../fetch-failure.ts';
import { crcText } from './crc-text.ts';
import type { UploadAddress } from './upload-address.ts';
import type { UploadClient } from './upload-client.ts';
import { type Attempt, withRetries } from './with-retries.ts';
import type { ObjectWriteOptions } from './write-object-options.ts';

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
          return await this.#client.client.send(command, { abortSignal: signal });
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
      const abortSignal = AbortSignal.timeout(this.#shortMs);
      const answer = await this.#client.client.send(command, { abortSignal });
      const checks =
        answer.ChecksumAlgorithm !== 'CRC32C'
          ? 'unsaid'
          : answer.ChecksumType === 'FULL_OBJECT'
            ? 'whole'
            : 'parts';
      return { uploadId: answer.UploadId!, checks };
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
      ({ signal }) => this.#client.client.send(new UploadPartCommand(input), { abortSignal: signal }),
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
          return await this.#client.client.send(new CompleteMultipartUploadCommand(input), {
            abortSignal: signal,
          });
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
      options: { maxAttempts: 5, retryTimeoutMs: ABORT_MS },
      attemptMs: ABORT_MS,
      signal: undefined,
    };
    try {
      await withRetries({ ...retried, what: 'giving the upload up' }, async ({ signal }) => {
        await this.#client.client.send(new AbortMultipartUploadCommand(input), { abortSignal: signal });
        // A part that was on its way may have come behind it.
        const left = await this.#client.client
          .send(new ListPartsCommand({ ...input, MaxParts: 1 }), { abortSignal: signal })
          .catch(() => undefined);
        if ((left?.Parts?.length ?? 0) > 0)
          await this.#client.client.send(new AbortMultipartUploadCommand(input), { abortSignal: signal });
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
        return this.#client.client.send(command, { abortSignal: signal });
      });
    } catch (error) {
      if (isRecordpipeError(error, 'object-missing')) return undefined;
      throw error;
    }
  }

  #send<R>(
    request: { what: string; attemptMs?: number },
    send: (attempt: Attempt) => Promise<R>,
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
  const { httpStatusCode } = (error as { $metadata?: { httpStatusCode?: number } }).$metadata ?? {};
  return httpStatusCode !== undefined && statuses.includes(httpStatusCode);
}

/** Whether a service does not know the parameters by which it is to check. */
function refusesParameters(error: unknown): boolean {
  if (!isRecordpipeError(error, 'io-failure')) return false;
  const { status } = (error as RecordpipeError).cause as FetchFailure;
  return status === 400 || status === 501;
}
