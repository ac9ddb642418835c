import type { Answer } from './answer.ts';
import { checksumHeaders, verify } from './checksums.ts';
import { S3Failure } from './failure.ts';
import type { LoggedRequest } from './request.ts';
import type { Store } from './store.ts';

/** Implements PutObject. */
export function putObject(store: Store, request: LoggedRequest, body: Uint8Array): Answer {
  refuseFramed(request);
  checkNoClobber(store, request);
  const given = verify(body, request.headers);
  const { etag, versionId } = store.put(`${request.bucket}/${request.key}`, body, {
    metadata: metadataOf(request),
    contentType: contentTypeOf(request),
    ...(Object.keys(given).length === 0 ? {} : { checksums: given }),
  });
  const headers = { etag, 'x-amz-version-id': versionId, ...checksumHeaders(given, 'FULL_OBJECT') };
  return { status: 200, headers: { ...headers, 'content-length': '0' } };
}

/** Implements `If-None-Match: *`, which fails if the object exists. */
export function checkNoClobber(store: Store, { bucket, key, headers }: LoggedRequest): void {
  if (headers['if-none-match'] === '*' && store.find(`${bucket}/${key}`) !== undefined)
    throw new S3Failure(412, 'PreconditionFailed', undefined, { elements: { Condition: 'If-None-Match' } });
}

/**
 * Rejects bodies in S3's chunked encoding, as some services do. Clients that send buffers do not
 * need it.
 */
export function refuseFramed({ headers }: LoggedRequest): void {
  if (headers['content-encoding']?.includes('aws-chunked') || headers['x-amz-trailer'] !== undefined)
    throw new S3Failure(411, 'MissingContentLength');
}

export function metadataOf({ headers }: LoggedRequest): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (name.startsWith('x-amz-meta-') && typeof value === 'string')
      found[name.slice('x-amz-meta-'.length)] = value;
  }
  return found;
}

export function contentTypeOf({ headers }: LoggedRequest): string | undefined {
  return typeof headers['content-type'] === 'string' ? headers['content-type'] : undefined;
}
