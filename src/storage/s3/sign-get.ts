import { createHash, createHmac } from 'node:crypto';
import type { BodySink } from './http/exchange.ts';
import type { HttpClient } from './http/http-client.ts';
import { type HttpRequest, queryPairs, uriEscaped } from './http/http-request.ts';
import type { CredentialsProvider } from './known-service.ts';
import type { S3Credentials } from './s3-options.ts';

/** SHA-256 of the empty body of a GET. */
const EMPTY_BODY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** Headers that may change in transit. */
const UNSIGNED = new Set(['user-agent', 'x-amz-user-agent', 'connection', 'authorization']);

/**
 * Signs GETs for S3 with AWS Signature Version 4, synchronously. The SDK's signer takes several
 * times as long as the transfer of a small object.
 */
export class GetSigner {
  readonly #region: string;
  /** Signing key of one day. */
  #key: { readonly of: string; readonly key: Buffer } | undefined;

  constructor(region: string) {
    this.#region = region;
  }

  /** Returns the request, signed at time `now`. Its path must be escaped. */
  signed(request: HttpRequest, credentials: S3Credentials, now: Date): HttpRequest {
    const { accessKeyId, sessionToken } = credentials;
    const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
    const day = time.slice(0, 8);
    const headers: Record<string, string> = {
      ...request.headers,
      'x-amz-date': time,
      'x-amz-content-sha256': EMPTY_BODY,
      ...(sessionToken !== undefined && { 'x-amz-security-token': sessionToken }),
    };
    const names = Object.keys(headers)
      .filter((name) => !UNSIGNED.has(name))
      .sort();
    const signedHeaders = names.join(';');
    const canonical = [
      request.method,
      request.path,
      canonicalQuery(request.query),
      ...names.map((name) => `${name}:${headers[name].trim().replace(/\s+/g, ' ')}`),
      '',
      signedHeaders,
      EMPTY_BODY,
    ].join('\n');
    const scope = `${day}/${this.#region}/s3/aws4_request`;
    const digest = createHash('sha256').update(canonical).digest('hex');
    const signature = hmac(
      this.#signingKey(credentials, day),
      `AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`,
    ).toString('hex');
    headers['authorization'] =
      `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${signedHeaders}, Signature=${signature}`;
    return { ...request, headers };
  }

  #signingKey({ secretAccessKey }: S3Credentials, day: string): Buffer {
    const of = `${day} ${secretAccessKey}`;
    if (this.#key?.of !== of) {
      const steps = [day, this.#region, 's3', 'aws4_request'];
      this.#key = { of, key: steps.reduce(hmac, Buffer.from(`AWS4${secretAccessKey}`)) };
    }
    return this.#key.key;
  }
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function canonicalQuery(query: HttpRequest['query']): string {
  return queryPairs(query)
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort()
    .join('&');
}

/** Fields that differ between GETs from one bucket. */
export interface GetFields {
  readonly key: string;
  readonly versionId: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

/** The fields that all GETs to one bucket share. */
interface Template {
  readonly request: HttpRequest;
  /** Path before the key. */
  readonly base: string;
}

/** Maximum clock skew that is ignored. Signatures are valid for 15 minutes. */
const MAX_SKEW_MS = 240_000;

/**
 * Sends GETs without the SDK, whose middleware takes 1.4 ms of CPU time per request, more than the
 * transfer of a small object. Unless the endpoint is known, the first request for a bucket goes
 * through the SDK. Later requests are copies with a few changed headers.
 */
export class DirectGets {
  readonly #http: HttpClient;
  /** Provider of the credentials. If undefined, requests are not signed. */
  readonly #credentials: CredentialsProvider | undefined;
  readonly #signer: GetSigner;
  readonly #endpoint: URL | undefined;
  readonly #templates = new Map<string, Template>();

  /**
   * @param endpoint endpoint of a path-style service; undefined if only the SDK knows the endpoint
   *   of a bucket
   */
  constructor(
    http: HttpClient,
    region: string,
    credentials: CredentialsProvider | undefined,
    endpoint: URL | undefined,
  ) {
    this.#http = http;
    this.#credentials = credentials;
    this.#signer = new GetSigner(region);
    this.#endpoint = endpoint;
  }

  /** Stores the SDK's request for one object as the template for its bucket. */
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

  /** Makes one attempt. @throws the same errors as the SDK for a status other than 2xx */
  async send(
    bucket: string,
    { key, versionId, headers }: GetFields,
    signal: AbortSignal,
    sink: BodySink,
  ): Promise<void> {
    const query = versionId === undefined ? undefined : { versionId };
    await this.#send(bucket, escapedKey(key), query, headers, signal, sink);
  }

  /**
   * Makes one attempt to get a document about the bucket. @throws the same errors as the SDK for a
   * status other than 2xx
   */
  async document(
    bucket: string,
    query: Readonly<Record<string, string>>,
    headers: GetFields['headers'],
    signal: AbortSignal,
  ): Promise<Uint8Array> {
    return (await this.#send(bucket, '', query, headers, signal, undefined)) as Uint8Array;
  }

  async #send(
    bucket: string,
    path: string,
    query: Readonly<Record<string, string>> | undefined,
    headers: GetFields['headers'],
    signal: AbortSignal,
    sink: BodySink | undefined,
  ): Promise<Uint8Array | undefined> {
    const { request: template, base } = this.#templates.get(bucket)!;
    const request: HttpRequest = {
      ...template,
      path: base + path,
      query: query === undefined ? template.query : { ...template.query, ...query },
      headers: { ...template.headers, ...headers },
    };
    const credentials = await this.#credentials?.get();
    const signed =
      credentials === undefined ? request : this.#signer.signed(request, credentials, this.#now());
    const { statusCode, headers: received, body } = await this.#http.send(signed, signal, sink);
    if (statusCode >= 300) throw serviceException(statusCode, received, body);
    return body;
  }

  /** Returns the current time, corrected by the clock of the service. */
  #now(): Date {
    const skew = this.#http.skewMs() ?? 0;
    return new Date(Date.now() + (Math.abs(skew) > MAX_SKEW_MS ? skew : 0));
  }
}

/** Returns an error in the shape of the SDK's exceptions. */
function serviceException(
  status: number,
  headers: Record<string, string>,
  body: Uint8Array | undefined,
): Error {
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

/**
 * Reports whether a bucket is special. Directory buckets and access points require other
 * signatures; some other names require escaping.
 */
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
