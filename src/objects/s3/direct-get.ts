import type { PushedBody } from './pushed-get.ts';
import type { RequestHandler, Sent } from './request-handler.ts';
import { GetSigner, type Identity, uriEscaped } from './sign-get.ts';

/** What differs between the GETs of a bucket. */
export interface GetFields {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** What they share: where the bucket is. */
interface Template {
  readonly sent: Sent;
  /** What stands before the key. */
  readonly base: string;
}

/** As whom requests are signed; undefined: they are not. */
export type WhoAsks = () => Identity | undefined | Promise<Identity | undefined>;

/** Signatures are good for a quarter of an hour: a clock that is off by less than this is let be. */
const MOST_SKEW_MS = 240_000;

/**
 * GETs without the SDK's passage of twenty stages, which takes 1.4 ms of the processor per request, more than the transfer of a small object. Where the
 * service is not known otherwise, the first request of a bucket goes through the SDK, and those that follow differ from it in a few headers.
 */
export class DirectGets {
  readonly #handler: RequestHandler;
  readonly #whoAsks: WhoAsks;
  readonly #signer: GetSigner;
  readonly #endpoint: URL | undefined;
  readonly #templates = new Map<string, Template>();

  /** @param endpoint of a service that takes buckets in its paths; undefined: the SDK knows where they are */
  constructor(handler: RequestHandler, region: string, whoAsks: WhoAsks, endpoint: URL | undefined) {
    this.#handler = handler;
    this.#whoAsks = whoAsks;
    this.#signer = new GetSigner(region);
    this.#endpoint = endpoint;
  }

  /** Takes the SDK's request for an object of the bucket as the model of all. */
  learn(bucket: string, key: string, sent: Sent): void {
    if (this.#templates.has(bucket) || isSpecial(bucket)) return;
    const path = escapedKey(key);
    if (!sent.path.endsWith(`/${path}`)) return;
    const headers = Object.fromEntries(Object.entries(sent.headers).filter(([name]) => SHARED.has(name)));
    const { ['versionId']: _, ...query } = sent.query ?? {};
    const base = sent.path.slice(0, sent.path.length - path.length);
    this.#templates.set(bucket, { sent: { ...sent, headers, query, body: undefined }, base });
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
    const { sent, base } = this.#templates.get(bucket)!;
    const request: Sent = {
      ...sent,
      path: base + escapedKey(key),
      query: versionId === undefined ? sent.query : { ...sent.query, versionId },
      headers: { ...sent.headers, ...headers },
    };
    const identity = await this.#whoAsks();
    const signed = identity === undefined ? request : this.#signer.signed(request, identity, this.#now());
    const { statusCode, headers: said, body } = await this.#handler.get(signed, signal, pushed);
    if (statusCode >= 300) throw refusal(statusCode, said, body);
  }

  /** By the service's clock where this one is wrong. */
  #now(): Date {
    const skew = this.#handler.skewMs() ?? 0;
    return new Date(Date.now() + (Math.abs(skew) > MOST_SKEW_MS ? skew : 0));
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

/** Those that are signed in other ways, by sessions or for many regions, and those that may not stand in a path as they are. */
function isSpecial(bucket: string): boolean {
  return bucket.endsWith('--x-s3') || !/^[\w.-]+$/.test(bucket);
}

function templateOf(endpoint: URL, bucket: string): Template {
  const { protocol, hostname, port, host, pathname } = endpoint;
  return {
    sent: {
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
