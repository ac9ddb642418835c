import type { Answer } from './answer.ts';
import { checksumHeaders } from './checksums.ts';
import { S3Failure } from './failure.ts';
import type { LoggedRequest } from './request.ts';
import { checksumsOf, type Store, type Version } from './store.ts';

/** Implements GetObject and HeadObject. */
export function getObject(store: Store, request: LoggedRequest, ignoreRange: boolean): Answer {
  const version = store.get(request.bucket, request.key, request.query.get('versionId') ?? undefined);
  const { size } = version.content;
  checkConditions(version, request);
  const range = ignoreRange ? undefined : rangeOf(request.range, size);
  const { start, end } = range ?? { start: 0, end: size };
  const headers: Record<string, string> = {
    'accept-ranges': 'bytes',
    'content-type': version.contentType,
    etag: version.etag,
    'last-modified': version.modified.toUTCString(),
    'x-amz-version-id': version.versionId,
    'content-length': String(end - start),
  };
  for (const [name, value] of Object.entries(version.metadata)) headers[`x-amz-meta-${name}`] = value;
  if (range !== undefined) headers['content-range'] = `bytes ${start}-${end - 1}/${size}`;
  if (range === undefined && request.headers['x-amz-checksum-mode'] === 'ENABLED')
    Object.assign(headers, checksumHeaders(checksumsOf(version), version.checksumType ?? 'FULL_OBJECT'));
  return { status: range === undefined ? 200 : 206, headers, body: { content: version.content, start, end } };
}

function checkConditions(version: Version, { headers, ifMatch }: LoggedRequest): void {
  if (ifMatch !== undefined && ifMatch !== '*' && quoted(ifMatch) !== version.etag)
    throw new S3Failure(412, 'PreconditionFailed', undefined, { elements: { Condition: 'If-Match' } });
  const ifNoneMatch = headers['if-none-match'];
  if (typeof ifNoneMatch === 'string' && (ifNoneMatch === '*' || quoted(ifNoneMatch) === version.etag))
    throw new S3Failure(304, 'NotModified');
}

/** Parses one range (RFC 9110, 14.2). Ignores a malformed one. */
function rangeOf(text: string | undefined, size: number): { start: number; end: number } | undefined {
  const found = /^bytes=(\d*)-(\d*)$/.exec(text ?? '');
  if (found === null || (found[1] === '' && found[2] === '')) return undefined;
  const start = found[1] === '' ? Math.max(0, size - Number(found[2])) : Number(found[1]);
  const end = found[1] === '' || found[2] === '' ? size : Math.min(size, Number(found[2]) + 1);
  if (start >= size || (found[1] === '' && found[2] === '0'))
    throw new S3Failure(416, 'InvalidRange', undefined, {
      headers: { 'content-range': `bytes */${size}` },
      elements: { RangeRequested: text ?? '', ActualObjectSize: String(size) },
    });
  return end <= start ? undefined : { start, end };
}

function quoted(etag: string): string {
  return etag.startsWith('"') ? etag : `"${etag}"`;
}
