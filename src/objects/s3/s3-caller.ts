import type { S3Client } from '@aws-sdk/client-s3';
import type { ObjectOptions } from '../object-options.ts';
import type { GetFields } from './direct-get.ts';
import type { PushedBody } from './pushed-get.ts';
import type { SendOptions, Sent } from './request-handler.ts';
import type { S3Clients } from './s3-clients.ts';
import { regionTold, s3Failure } from './s3-failures.ts';
import { s3Sdk } from './sdk.ts';

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
  call<Output>(bucket: string, signal: AbortSignal | undefined, call: Call<Output>): Promise<Output> {
    const options = signal === undefined ? {} : { abortSignal: signal };
    return this.#whereItIs(bucket, signal, async () => call(await this.#clients.for(bucket), options));
  }

  /** One attempt of a GET whose body is pushed. @throws FetchFailure */
  get(bucket: string, fields: GetFields, signal: AbortSignal, pushedBody: PushedBody): Promise<void> {
    const { key, versionId, headers } = fields;
    const clients = this.#clients;
    return this.#whereItIs(bucket, signal, async () => {
      const direct = clients.directGets(bucket);
      if (direct.knows(bucket)) return direct.send(bucket, fields, signal, pushedBody);
      const [client, { GetObjectCommand }] = await Promise.all([clients.for(bucket), s3Sdk()]);
      const onSent = (sent: Sent): void => direct.learn(bucket, key, sent);
      // The SDK hands its options to the handler as they are.
      const options = { abortSignal: signal, pushedBody, onSent } satisfies SendOptions;
      const command = new GetObjectCommand({
        Bucket: bucket,
        Key: key,
        Range: headers['range'],
        IfMatch: headers['if-match'],
        VersionId: versionId,
        ...this.payer,
      });
      await client.send(command, options);
    });
  }

  async #whereItIs<Output>(
    bucket: string,
    signal: AbortSignal | undefined,
    attempt: () => Promise<Output>,
  ): Promise<Output> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const region = signal?.aborted ? undefined : regionTold(error);
        if (region !== undefined && this.#clients.moved(bucket, region)) continue;
        const failure = s3Failure(error, signal);
        if (failure.kind === 'expired') await this.#refresh(bucket);
        throw failure;
      }
    }
  }

  /** Has credentials fetched anew, once for all requests that failed by them. */
  async #refresh(bucket: string): Promise<void> {
    this.#refreshing ??= this.#clients
      .refresh(bucket)
      .catch(() => {}) // the next attempt says so
      .finally(() => {
        this.#refreshing = undefined;
      });
    await this.#refreshing;
  }
}
