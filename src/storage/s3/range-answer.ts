import { FetchFailure } from '../errors.ts';
import type { RangeHead, RangeRequest } from '../storage.ts';
import type { AnswerHeaders } from './http/response-head.ts';
import { plainEtag } from './s3-stat.ts';

/**
 * What the headers of a good answer (200 or 206) promise, checked against what was asked for.
 * @throws FetchFailure `changed`, `fatal`
 */
export function rangeAnswer(request: RangeRequest, status: number, headers: AnswerHeaders): RangeHead {
  if (status !== 200 && status !== 206)
    throw new FetchFailure('fatal', `the endpoint answered ${status} where 200 or 206 was expected`, {
      status,
    });
  const span = status === 206 ? partial(request, headers) : whole(request, headers);
  const etag = plainEtag(headers['etag']);
  if (request.etag !== undefined && etag !== request.etag)
    throw new FetchFailure(
      'changed',
      `the object was overwritten while it was read: its ETag was ${request.etag}, and is ${etag ?? 'not told'}`,
      { status, requestId: headers['x-amz-request-id'] },
    );
  const modified = Date.parse(headers['last-modified'] ?? '');
  return {
    uri: request.uri,
    ...span,
    etag,
    versionId: headers['x-amz-version-id'],
    modified: Number.isNaN(modified) ? undefined : new Date(modified),
  };
}

interface Span {
  readonly start: number;
  readonly end: number;
  readonly size: number;
}

function partial({ start, end }: RangeRequest, headers: AnswerHeaders): Span {
  const range = headers['content-range'] ?? '';
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range) ?? [];
  const size = Number(total);
  const expected = Math.min(end ?? size, size);
  if (
    total === undefined ||
    !Number.isSafeInteger(size) ||
    Number(first) !== start ||
    Number(last) + 1 !== expected
  )
    throw new FetchFailure(
      'fatal',
      `asked for bytes ${start} to ${end ?? 'the last'}, the endpoint says that it sends ${JSON.stringify(range)} (Content-Range); it does not honour ranges`,
      { status: 206, requestId: headers['x-amz-request-id'] },
    );
  checkLength(headers, expected - start);
  return { start, end: expected, size };
}

/** An answer with the whole object: good when that is what was asked for, whether by a range or without one. */
function whole({ start, end }: RangeRequest, headers: AnswerHeaders): Span {
  const size = Number(headers['content-length'] ?? Number.NaN);
  if (!(Number.isSafeInteger(size) && size >= 0))
    throw new FetchFailure(
      'fatal',
      'the endpoint does not say how long the object is (no valid Content-Length)',
      {
        status: 200,
      },
    );
  if (start > 0 || (end !== undefined && end < size))
    throw new FetchFailure(
      'fatal',
      `the endpoint does not honour Range: asked for bytes ${start} to ${end ?? 'the last'}, it sends all ${size}; read objects of this endpoint by one request each`,
      { status: 200 },
    );
  return { start: 0, end: size, size };
}

function checkLength(headers: AnswerHeaders, expected: number): void {
  const announced = headers['content-length'];
  if (announced !== undefined && Number(announced) !== expected)
    throw new FetchFailure(
      'fatal',
      `the endpoint contradicts itself: a range of ${expected} bytes with a Content-Length of ${announced}`,
      { status: 206 },
    );
}
