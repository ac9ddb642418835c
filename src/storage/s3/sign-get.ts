import { createHash, createHmac } from 'node:crypto';
import type { S3Credentials } from '../object-options.ts';
import type { HttpRequest } from './http-request.ts';

/** SHA-256 of nothing, which is the body of a GET. */
const NO_BODY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

/**
 * Signs GETs for S3 (AWS Signature Version 4, in the Authorization header). In a few hashes and no promise: the SDK's signer takes several times as long as
 * the transfer of a small object.
 */
export class GetSigner {
  readonly #region: string;
  /** The key that is derived from the secret for one day. */
  #key: { readonly of: string; readonly key: Buffer } | undefined;

  constructor(region: string) {
    this.#region = region;
  }

  /** @returns the request with its signature, for the time `now`; its path is escaped already */
  signed(request: HttpRequest, identity: S3Credentials, now: Date): HttpRequest {
    const time = now.toISOString().replace(/[-:]|\.\d+/g, '');
    const headers: Record<string, string> = {
      ...request.headers,
      'x-amz-date': time,
      'x-amz-content-sha256': NO_BODY,
      ...(identity.sessionToken !== undefined && { 'x-amz-security-token': identity.sessionToken }),
    };
    const names = Object.keys(headers)
      .filter((name) => !UNSIGNED.has(name))
      .sort();
    const list = names.join(';');
    const canonical = [
      request.method,
      request.path,
      canonicalQuery(request.query),
      ...names.map((name) => `${name}:${headers[name].trim().replace(/\s+/g, ' ')}`),
      '',
      list,
      NO_BODY,
    ].join('\n');
    const scope = `${time.slice(0, 8)}/${this.#region}/s3/aws4_request`;
    const digest = createHash('sha256').update(canonical).digest('hex');
    const signature = createHmac('sha256', this.#keyFor(identity, time.slice(0, 8)))
      .update(`AWS4-HMAC-SHA256\n${time}\n${scope}\n${digest}`)
      .digest('hex');
    headers['authorization'] =
      `AWS4-HMAC-SHA256 Credential=${identity.accessKeyId}/${scope}, SignedHeaders=${list}, Signature=${signature}`;
    return { ...request, headers };
  }

  #keyFor({ secretAccessKey }: S3Credentials, day: string): Buffer {
    const of = `${day} ${secretAccessKey}`;
    if (this.#key?.of !== of) {
      const step = (key: string | Buffer, text: string): Buffer =>
        createHmac('sha256', key).update(text).digest();
      const key = ['s3', 'aws4_request'].reduce<Buffer>(
        step,
        step(step(`AWS4${secretAccessKey}`, day), this.#region),
      );
      this.#key = { of, key };
    }
    return this.#key.key;
  }
}

/** What may be changed on the way. */
const UNSIGNED = new Set(['user-agent', 'x-amz-user-agent', 'connection', 'authorization']);

function canonicalQuery(query: HttpRequest['query']): string {
  return queryPairs(query)
    .map((pair) => (pair.includes('=') ? pair : `${pair}=`))
    .sort()
    .join('&');
}

/** Names and values as signatures, and services, want them. */
export function queryPairs(query: HttpRequest['query']): string[] {
  return Object.entries(query ?? {}).flatMap(([name, value]) =>
    value === null
      ? [uriEscaped(name)]
      : [value].flat().map((one) => `${uriEscaped(name)}=${uriEscaped(one)}`),
  );
}

/** As signatures want it. */
export function uriEscaped(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
