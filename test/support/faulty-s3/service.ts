import type { Answer } from './answer.ts';
import { contentOf } from './content.ts';
import { S3Failure } from './failure.ts';
import type { Fault } from './faults.ts';
import { getObject } from './get.ts';
import { listObjects, xml } from './list.ts';
import type { Uploads } from './multipart.ts';
import { putObject } from './put.ts';
import type { LoggedRequest } from './request.ts';
import type { Store } from './store.ts';

/** The state on which responses depend. */
export interface Service {
  readonly store: Store;
  readonly uploads: Uploads;
  readonly options: { readonly pageSize: number; readonly region: string };
}

/**
 * Returns the response of a working service.
 * @throws S3Failure for requests that S3 rejects
 */
export function answerOf(
  { store, uploads, options }: Service,
  request: LoggedRequest,
  body: Uint8Array,
  faults: readonly Fault[],
): Answer {
  switch (request.operation) {
    case 'GetObject':
    case 'HeadObject':
      return getObject(
        store,
        request,
        faults.some((fault) => fault.do === 'ignore-range'),
      );
    case 'ListObjectsV2':
      return listObjects(store, request, options.pageSize);
    case 'PutObject':
      return putObject(store, request, body);
    case 'DeleteObject':
      store.delete(`${request.bucket}/${request.key}`);
      return { status: 204, headers: {} };
    case 'CreateMultipartUpload':
      return uploads.create(request);
    case 'UploadPart':
      return uploads.part(request, body);
    case 'ListParts':
      return uploads.listParts(request);
    case 'ListMultipartUploads':
      return uploads.list(request);
    case 'CompleteMultipartUpload':
      return uploads.complete(request, body);
    case 'AbortMultipartUpload':
      return uploads.abort(request);
    case 'CreateBucket':
      store.createBucket(request.bucket);
      return { status: 200, headers: { 'content-length': '0' } };
    case 'HeadBucket':
      store.keys(request.bucket);
      return { status: 200, headers: { 'x-amz-bucket-region': options.region, 'content-length': '0' } };
    case 'GetBucketLocation':
      store.keys(request.bucket);
      return xml(`<LocationConstraint>${options.region}</LocationConstraint>`);
    case 'unknown':
      throw new S3Failure(501, 'NotImplemented');
  }
}

/**
 * Checks that the time of a signed request is within 15 minutes of the clock.
 * @throws S3Failure RequestTimeTooSkewed
 */
export function checkClock({ headers }: LoggedRequest, now: Date): void {
  const signed = headers['x-amz-date'];
  const found = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(typeof signed === 'string' ? signed : '');
  if (found === null) return;
  const [year, month, day, hour, minute, second] = found.slice(1).map(Number);
  const at = Date.UTC(year, month - 1, day, hour, minute, second);
  if (Math.abs(at - now.getTime()) > 15 * 60_000)
    throw new S3Failure(403, 'RequestTimeTooSkewed', undefined, {
      elements: { ServerTime: now.toISOString(), MaxAllowedSkewMilliseconds: '900000' },
    });
}

export function errorAnswer(
  failure: S3Failure,
  request: LoggedRequest,
  requestId: string,
  common: Readonly<Record<string, string>>,
): Answer {
  const headers = { ...common, ...failure.headers };
  if (failure.status === 304) return { status: 304, headers };
  const content = contentOf(failure.body(`/${request.bucket}/${request.key}`, requestId));
  return {
    status: failure.status,
    headers: { ...headers, 'content-type': 'application/xml', 'content-length': String(content.size) },
    body: { content, start: 0, end: content.size },
  };
}
