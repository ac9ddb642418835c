import { createHash, createHmac } from 'node:crypto';
import { type HttpRequest, queryPairs } from './http/http-request.ts';
import type { S3Credentials } from './s3-options.ts';

/** SHA-256 of the empty body of a GET. */
const EMPTY_BODY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
/** Headers that may change on the way. */
const UNSIGNED = new Set(['user-agent', 'x-amz-user-agent', 'connection', 'authorization']);

/**
 * Signs GETs for S3 with AWS Signature Version 4, synchronously. The SDK's signer takes several times
 * as long as the transfer of a small object.
 */
export class GetSigner {
  readonly #region: string;
  /** The signing key of one day. */
  #key: { readonly of: string; readonly key: Buffer } | undefined;

  constructor(region: string) {
    this.#region = region;
  }

  /** Returns the request with its signature at time `now`. The path is already escaped. */
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
