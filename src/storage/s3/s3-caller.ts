import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { allowListeners, onAbort } from '../../bytes/abortable.ts';
import { RecordpipeError } from '../../errors.ts';
import { FetchFailure, objectError } from '../errors.ts';
import type { ObjectOptions, TransferOptions } from '../object-options.ts';
import { RetryBudget } from '../prefetch/retry-budget.ts';
import type { GetFields } from './direct-get.ts';
import type { HttpRequest } from './http-request.ts';
import { s3Sdk } from './packages.ts';
import type { PushedBody } from './pushed-get.ts';
import type { SendOptions } from './request-handler.ts';
import type { S3Clients } from './s3-clients.ts';
import { regionTold, s3Failure } from './s3-failures.ts';

/** One request, and how it is repeated. */
export interface Repeated {
  readonly options: TransferOptions;
  readonly signal: AbortSignal | undefined;
  /** How long one attempt may take; undefined: the watchdog of the request handler alone decides. */
  readonly attemptMs?: number | undefined;
  /** What a failed attempt means. */
  failureOf(error: unknown): FetchFailure;
  /** The error for the last failure. */
  errorOf(failure: FetchFailure, budget: RetryBudget): Error;
}

export interface Attempt {
  readonly signal: AbortSignal | undefined;
  /** Whether an earlier attempt may have succeeded although its answer did not come. */
  readonly unsure: boolean;
}

/**
 * Repeats a request other than a ranged GET until it succeeds, fails for good, or its budget is used up. The SDK's own
 * retries draw on one budget for all calls of a client, which an outage of seconds uses up for all of them.
 * @throws what `errorOf` returns; a RecordpipeError that an attempt throws
 */
export async function repeated<R>(request: Repeated, send: (attempt: Attempt) => Promise<R>): Promise<R> {
  const { options, signal } = request;
  allowListeners(signal);
  const budget = new RetryBudget(options);
  let unsure = false;
  for (;;) {
    const sentAt = performance.now();
    let failure: FetchFailure;
    try {
      return await once(request, (own) => send({ signal: own, unsure }));
    } catch (error) {
      if (error instanceof RecordpipeError) throw error;
      failure = request.failureOf(error);
    }
    // An answer says what happened, except for 5xx, after which it may have.
    unsure ||= failure.status === undefined || failure.status >= 500;
    const pause = budget.pauseAfter(failure, 0, 0, sentAt);
    if (pause === undefined || signal?.aborted) throw request.errorOf(failure, budget);
    // Ends early when the signal fires; the next attempt says so.
    await sleep(pause, undefined, signal === undefined ? {} : { signal }).catch(() => {});
  }
}

/** Runs one attempt, which ends when the signal fires or its time is up. */
async function once<R>(
  { attemptMs, signal }: Repeated,
  send: (signal: AbortSignal | undefined) => Promise<R>,
): Promise<R> {
  if (attemptMs === undefined) return send(signal);
  const own = new AbortController();
  const stop = (): void => own.abort(signal?.reason);
  onAbort(signal, stop);
  if (signal?.aborted) stop();
  const timer = setTimeout(() => own.abort(new Error(`no answer within ${attemptMs} ms`)), attemptMs);
  try {
    return await send(own.signal);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', stop);
  }
}

/** Repeats a request for `uri`. @throws RecordpipeError with the failure as its cause */
export function attempted<Result>(
  attempt: () => Promise<Result>,
  uri: string,
  options: TransferOptions,
  signal: AbortSignal | undefined,
): Promise<Result> {
  return repeated(
    {
      options,
      signal,
      failureOf: (error) => s3Failure(error, signal),
      errorOf: (failure, { attempts, elapsedMs }) => objectError(failure, { uri, attempts, elapsedMs }),
    },
    attempt,
  );
}

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
