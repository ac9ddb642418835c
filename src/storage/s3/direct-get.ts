import type { CredentialsProvider } from './credentials.ts';
import type { HttpRequest } from './http-request.ts';
import type { PushedBody } from './pushed-get.ts';
import type { RequestHandler } from './request-handler.ts';
import { GetSigner, uriEscaped } from './sign-get.ts';

/** The fields in which the GETs of a bucket differ. */
export interface GetFields {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** The fields that they share: where the bucket is. */
interface Template {
  readonly request: HttpRequest;
  /** The path before the key. */
  readonly base: string;
}

/** Signatures are valid for 15 minutes: a smaller skew is ignored. */
const MAX_SKEW_MS = 240_000;

/**
 * GETs without the SDK's twenty stages of middleware, which take 1.4 ms of CPU per request, more than the transfer of a
 * small object. Where the service is not known otherwise, the first request for a bucket goes through the SDK, and later
 * ones differ from it in a few headers.
 */
export class DirectGets {
  readonly #handler: RequestHandler;
  /** Undefined: requests are not signed. */
  readonly #credentials: CredentialsProvider | undefined;
  readonly #signer: GetSigner;
  readonly #endpoint: URL | undefined;
  readonly #templates = new Map<string, Template>();

  /** @param endpoint of a service that takes buckets in its paths; undefined: the SDK knows where they are */
  constructor(
    handler: RequestHandler,
    region: string,
    credentials: CredentialsProvider | undefined,
    endpoint: URL | undefined,
  ) {
    this.#handler = handler;
    this.#credentials = credentials;
    this.#signer = new GetSigner(region);
    this.#endpoint = endpoint;
  }

  /** Uses the SDK's request for an object of the bucket as the model of all. */
  learn(bucket: string, key: string, request: HttpRequest): void {
    if (this.#templates.has(bucket) || isSpecial(bucket)) return;
    const path = escapedKey(key);
    if (!request.path.endsWith(`/${path}`)) return;
    const headers = Object.fromEntries(Object.entries(request.headers).filter(([name]) => SHARED.has(name)));
    const { ['versionId']: _, ...query } = request.query ?? {};
    const base = request.path.slice(0, request.path.length - path.length);
    this.#templates.set(bucket, { request: { ...request, headers, query, body: undefined }, base });
  }

  knows(bucket: string): boolean {
    if (this.#templates.has(bucket)) return true;
    if (this.#endpoint === undefined || isSpecial(bucket)) return false;
    this.#templates.set(bucket, templateOf(this.#endpoint, bucket));
    return true;
  }

  /** One attempt; the body is pushed. @throws as the SDK does for answers other than 2xx */
  async send(
    bucket: string,
    { key, versionId, headers }: GetFields,
    signal: AbortSignal,
    pushed: PushedBody,
  ): Promise<void> {
    const { request: model, base } = this.#templates.get(bucket)!;
    const request: HttpRequest = {
      ...model,
      path: base + escapedKey(key),
      query: versionId === undefined ? model.query : { ...model.query, versionId },
      headers: { ...model.headers, ...headers },
    };
    const identity = await this.#credentials?.get();
    const signed = identity === undefined ? request : this.#signer.signed(request, identity, this.#now());
    const { statusCode, headers: received, body } = await this.#handler.get(signed, signal, pushed);
    if (statusCode >= 300) throw refusal(statusCode, received, body);
  }

  /** The service's time where this clock is wrong. */
  #now(): Date {
    const skew = this.#handler.skewMs() ?? 0;
    return new Date(Date.now() + (Math.abs(skew) > MAX_SKEW_MS ? skew : 0));
  }
}

/** In the shape of what the SDK throws. */
function refusal(status: number, headers: Record<string, string>, body: Uint8Array | undefined): Error {
  const text = body === undefined ? '' : Buffer.from(body).toString();
  const element = (name: string): string | undefined =>
    new RegExp(`<${name}>([^<]*)</${name}>`)
      .exec(text)?.[1]
      ?.replace(/&(\w+);/g, (all, one) => ENTITIES[one] ?? all);
  return Object.assign(new Error(element('Message') ?? ''), {
    name: element('Code') ?? 'UnknownError',
    Region: element('Region'),
    $metadata: { httpStatusCode: status, requestId: headers['x-amz-request-id'] },
    $response: { headers },
  });
}

const SHARED = new Set(['host', 'user-agent', 'x-amz-user-agent']);
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** Buckets that are signed in other ways, by sessions or for many regions, and names that a path has to escape. */
function isSpecial(bucket: string): boolean {
  return bucket.endsWith('--x-s3') || !/^[\w.-]+$/.test(bucket);
}

function templateOf(endpoint: URL, bucket: string): Template {
  const { protocol, hostname, port, host, pathname } = endpoint;
  return {
    request: {
      method: 'GET',
      protocol,
      hostname,
      port: port === '' ? undefined : Number(port),
      path: '',
      headers: { host, 'user-agent': 'recordpipe' },
    },
    base: `${pathname.replace(/\/$/, '')}/${bucket}/`,
  };
}

function escapedKey(key: string): string {
  return key.split('/').map(uriEscaped).join('/');
}
