import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { ObjectOptions } from '../object-options.ts';
import type { GetFields } from './direct-get.ts';
import type { PushedBody, SendOptions, Sent } from './request-handler.ts';
import type { S3Clients } from './s3-clients.ts';
import { regionTold, s3Failure } from './s3-failures.ts';

/** One command, to this client. */
type Call<Output> = (client: S3Client, options: { readonly abortSignal?: AbortSignal }) => Promise<Output>;

/** Sends commands: to the region where the bucket is, with failures as FetchFailure. */
export class S3Caller {
  /** What every request of a requester who pays carries. */
  readonly payer: { readonly RequestPayer?: 'requester' };
  readonly #clients: S3Clients;
  #refreshing: Promise<unknown> | undefined;

  constructor(clients: S3Clients, { requesterPays }: ObjectOptions) {
    this.#clients = clients;
    this.payer = requesterPays ? { RequestPayer: 'requester' } : {};
  }

  /**
   * One attempt; a second one where the answer is that the bucket is in another region.
   * @throws FetchFailure
   */
  async call<Output>(
    bucket: string,
    signal: AbortSignal | undefined,
    call: Call<Output>,
    pushedBody?: PushedBody,
  ): Promise<Output> {
    // The SDK hands its options to the handler as they are.
    const options = {
      ...(signal !== undefined && { abortSignal: signal }),
      pushedBody,
    } satisfies SendOptions;
    for (;;) {
      const client = this.#clients.for(bucket);
      try {
        return await call(client, options);
      } catch (error) {
        const region = signal?.aborted ? undefined : regionTold(error);
        if (region !== undefined && this.#clients.moved(bucket, region)) continue;
        const failure = s3Failure(error, signal);
        if (failure.kind === 'expired') await this.#refresh(client);
        throw failure;
      }
    }
  }

  /** One attempt of a GET whose body is pushed. @throws FetchFailure */
  async get(bucket: string, fields: GetFields, signal: AbortSignal, pushedBody: PushedBody): Promise<void> {
    const { key, versionId, headers } = fields;
    const clients = this.#clients;
    await this.call(
      bucket,
      signal,
      async (client, options) => {
        const direct = clients.directGets(bucket);
        if (direct.knows(bucket)) return direct.send(bucket, fields, options);
        const onSent = (sent: Sent): void => direct.learn(bucket, key, sent);
        await client.send(
          new GetObjectCommand({
            Bucket: bucket,
            Key: key,
            Range: headers['range'],
            IfMatch: headers['if-match'],
            VersionId: versionId,
            ...this.payer,
          }),
          { ...options, onSent } as typeof options,
        );
      },
      pushedBody,
    );
  }

  /** Has credentials fetched anew, once for all requests that failed by them. */
  async #refresh(client: S3Client): Promise<void> {
    this.#refreshing ??= (client.config.credentials as (options: { forceRefresh: true }) => Promise<unknown>)(
      {
        forceRefresh: true,
      },
    )
      .catch(() => {}) // the next attempt says so
      .finally(() => {
        this.#refreshing = undefined;
      });
    await this.#refreshing;
  }
}
