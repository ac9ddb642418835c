import type { S3Client } from '@aws-sdk/client-s3';
import { allowListeners } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import { FetchFailure } from '../fetch-failure.ts';
import type { ObjectOptions } from '../object-options.ts';
import type { GetFields } from './direct-get.ts';
import type { HttpRequest } from './http-request.ts';
import type { PushedBody } from './pushed-get.ts';
import type { SendOptions } from './request-handler.ts';
import type { S3Clients } from './s3-clients.ts';
import { regionTold, s3Failure } from './s3-failures.ts';
import { s3Sdk } from './sdk.ts';

/** Sends one command with the given client. */
type Call<Output> = (client: S3Client, options: { readonly abortSignal?: AbortSignal }) => Promise<Output>;

/** A service sends a request to the region of the bucket at once; more than a few redirects are a loop. */
const MAX_REDIRECTS = 3;

/** Sends commands to the region of the bucket. Failures are FetchFailures. */
export class S3Caller {
  /** The parameter that every request carries where the requester pays. */
  readonly payer: { readonly RequestPayer?: 'requester' };
  readonly #clients: S3Clients;
  #refreshing: Promise<unknown> | undefined;

  constructor(clients: S3Clients, { requesterPays }: ObjectOptions) {
    this.#clients = clients;
    this.payer = requesterPays ? { RequestPayer: 'requester' } : {};
  }

  /**
   * One attempt, which follows the service to the region that it names for the bucket.
   * @throws FetchFailure
   */
  call<Output>(bucket: string, signal: AbortSignal | undefined, call: Call<Output>): Promise<Output> {
    const options = signal === undefined ? {} : { abortSignal: signal };
    return this.#inItsRegion(bucket, signal, async () => call(await this.#clients.for(bucket), options));
  }

  /** One attempt of a GET whose body is pushed. @throws FetchFailure */
  get(bucket: string, fields: GetFields, signal: AbortSignal, pushedBody: PushedBody): Promise<void> {
    const { key, versionId, headers } = fields;
    const clients = this.#clients;
    return this.#inItsRegion(bucket, signal, async () => {
      const direct = clients.directGets(bucket);
      if (direct.knows(bucket)) return direct.send(bucket, fields, signal, pushedBody);
      const [client, { GetObjectCommand }] = await Promise.all([clients.for(bucket), s3Sdk()]);
      const onRequest = (request: HttpRequest): void => direct.learn(bucket, key, request);
      // The SDK hands its options to the handler as they are.
      const options = { abortSignal: signal, pushedBody, onRequest } satisfies SendOptions;
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

  async #inItsRegion<Output>(
    bucket: string,
    signal: AbortSignal | undefined,
    attempt: () => Promise<Output>,
  ): Promise<Output> {
    allowListeners(signal);
    for (let redirects = 0; ; redirects++) {
      // Another request may learn the region meanwhile.
      const asked = this.#clients.regionOf(bucket);
      try {
        return await attempt();
      } catch (error) {
        const region = signal?.aborted ? undefined : regionTold(error);
        if (region !== undefined && region !== asked) {
          if (redirects === MAX_REDIRECTS) throw endlessRedirects(asked, region, error);
          this.#clients.setRegion(bucket, region);
          continue;
        }
        if (error instanceof RecordpipeError) throw error;
        const failure = s3Failure(error, signal);
        if (failure.kind === 'expired') await this.#refresh(bucket);
        throw failure;
      }
    }
  }

  /** Renews credentials, once for all requests that failed with the old ones. */
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

function endlessRedirects(asked: string, region: string, cause: unknown): FetchFailure {
  const text = `the service redirects from region to region without end (from ${asked} to ${region}); check the endpoint`;
  return new FetchFailure('fatal', text, { cause });
}
