import type { S3Client } from '@aws-sdk/client-s3';
import { allowListeners } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import { FetchFailure } from '../errors.ts';
import type { ObjectOptions } from '../object-options.ts';
import { regionInResponse, s3Failure } from './failures.ts';
import type { BodySink } from './http/exchange.ts';
import type { SendOptions } from './http/http-client.ts';
import type { HttpRequest } from './http/http-request.ts';
import { s3Sdk } from './packages.ts';
import type { S3Clients } from './s3-clients.ts';
import type { GetFields } from './sign-get.ts';

/** Sends one command with a client. */
type Call<Output> = (client: S3Client, options: { readonly abortSignal?: AbortSignal }) => Promise<Output>;

/**
 * Maximum number of redirects. A service redirects directly to the bucket's region, so more
 * redirects indicate a loop.
 */
const MAX_REDIRECTS = 3;

/** Sends requests to the region of the bucket, with one attempt each. Throws FetchFailures. */
export class S3Caller {
  /** Parameter added to every request if the requester pays. */
  readonly payer: { readonly RequestPayer?: 'requester' };
  readonly #clients: S3Clients;
  #refreshing: Promise<unknown> | undefined;

  constructor(clients: S3Clients, { requesterPays }: ObjectOptions) {
    this.#clients = clients;
    this.payer = requesterPays ? { RequestPayer: 'requester' } : {};
  }

  /** Sends a command of the SDK. @throws FetchFailure */
  call<Output>(bucket: string, signal: AbortSignal | undefined, call: Call<Output>): Promise<Output> {
    const options = signal === undefined ? {} : { abortSignal: signal };
    return this.#inRegion(bucket, signal, async () => call(await this.#clients.for(bucket), options));
  }

  /** Sends a GET whose body goes to `sink`. @throws FetchFailure */
  get(bucket: string, fields: GetFields, signal: AbortSignal, sink: BodySink): Promise<void> {
    const { key, versionId, headers } = fields;
    return this.#inRegion(bucket, signal, async () => {
      const direct = this.#clients.directGets(bucket);
      if (direct.knows(bucket)) return direct.send(bucket, fields, signal, sink);
      const [client, { GetObjectCommand }] = await Promise.all([this.#clients.for(bucket), s3Sdk()]);
      const onRequest = (request: HttpRequest): void => direct.learn(bucket, key, request);
      const options = { abortSignal: signal, sink, onRequest } satisfies SendOptions;
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

  /**
   * Gets a document about a bucket without the SDK. Resolves with undefined if only the SDK knows
   * how to address the bucket. @throws FetchFailure
   */
  document(
    bucket: string,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<Uint8Array | undefined> {
    const headers = this.payer.RequestPayer && { 'x-amz-request-payer': this.payer.RequestPayer };
    return this.#inRegion(bucket, signal, async () => {
      const direct = this.#clients.directGets(bucket);
      return direct.knows(bucket) ? direct.document(bucket, query, headers ?? {}, signal) : undefined;
    });
  }

  async #inRegion<Output>(
    bucket: string,
    signal: AbortSignal | undefined,
    attempt: () => Promise<Output>,
  ): Promise<Output> {
    allowListeners(signal);
    for (let redirects = 0; ; redirects++) {
      // Another request may change the region in the meantime.
      const tried = this.#clients.regionOf(bucket);
      try {
        return await attempt();
      } catch (error) {
        const region = signal?.aborted ? undefined : regionInResponse(error);
        if (region !== undefined && region !== tried) {
          if (redirects === MAX_REDIRECTS) throw endlessRedirects(tried, region, error);
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

  /** Refreshes credentials, once for all requests that failed with the old ones. */
  async #refresh(bucket: string): Promise<void> {
    this.#refreshing ??= this.#clients
      .refresh(bucket)
      .catch(() => {}) // The next attempt reports the error.
      .finally(() => {
        this.#refreshing = undefined;
      });
    await this.#refreshing;
  }
}

function endlessRedirects(from: string, to: string, cause: unknown): FetchFailure {
  const text = `the service keeps redirecting between regions (from ${from} to ${to}); check the endpoint`;
  return new FetchFailure('fatal', text, { cause });
}
