import { FetchFailure } from '../errors.ts';
import { parseObjectUri } from '../object-address.ts';
import { newBlock } from '../prefetch/block-memory.ts';
import type { ObjectInfo, ObjectRef, RangeHead, RangeRequest, RangeSink } from '../storage.ts';
import { connectionFailure } from './failures.ts';
import type { BodySink } from './http/exchange.ts';
import type { ResponseHeaders } from './http/response-head.ts';
import type { S3Caller } from './s3-caller.ts';
import { plainEtag, statOnce } from './stat.ts';

/** Makes one attempt at one ranged GET. See ObjectSource.fetch. */
export async function getRange(
  caller: S3Caller,
  request: RangeRequest,
  sink: RangeSink,
  signal: AbortSignal,
): Promise<void> {
  const { bucket, key } = parseObjectUri(request.uri);
  const { start, end, etag, versionId } = request;
  const body = new CheckedBody(request, sink);
  const headers = {
    // Request a range even for a whole object, because Content-Range states its size a second time.
    range: `bytes=${start}-${end === undefined ? '' : end - 1}`,
    ...(etag !== undefined && { 'if-match': quotedEtag(etag) }),
    ...(caller.payer.RequestPayer !== undefined && { 'x-amz-request-payer': caller.payer.RequestPayer }),
  };
  try {
    await caller.get(bucket, { key, versionId, headers }, signal, body);
  } catch (error) {
    if (body.rejected !== undefined) throw body.rejected.reason;
    if (!(error instanceof FetchFailure) || error.status !== 416) throw error;
    if (start === 0) {
      // Only an empty object has no first byte.
      sink.onHead({ uri: request.uri, start: 0, end: 0, size: 0, etag: undefined });
      return;
    }
    if (etag !== undefined) throw error;
    throw new FetchFailure(
      'changed',
      `the object ends before byte ${start}, so the object became shorter while it was being read`,
      {
        code: error.code,
        status: 416,
        requestId: error.requestId,
        cause: error,
      },
    );
  }
  await body.ended;
}

/**
 * Returns the properties of an object from a GET of its first byte, which takes a tenth of the
 * processor time of the SDK's HEAD. Sends that HEAD if the response does not have them: for an empty
 * object, or from a service without ranges. See ObjectSource.describe.
 */
export async function describeOnce(
  caller: S3Caller,
  { uri, versionId }: ObjectRef,
  signal: AbortSignal | undefined,
): Promise<ObjectInfo> {
  let found: RangeHead | undefined;
  const sink: RangeSink = {
    onHead(head) {
      found = head;
    },
    onData() {},
  };
  try {
    await getRange(
      caller,
      { uri, start: 0, end: 1, versionId },
      sink,
      signal ?? new AbortController().signal,
    );
  } catch (error) {
    if (!(error instanceof FetchFailure && error.kind === 'fatal')) throw error;
  }
  return found?.etag === undefined ? statOnce(caller, { uri, versionId }, signal) : found;
}

/** Formats an ETag for If-Match. */
function quotedEtag(etag: string): string {
  return etag.startsWith('W/') ? etag : `"${etag}"`;
}

/** Forwards a body to its sink and checks the length. */
class CheckedBody implements BodySink {
  readonly ended: Promise<void>;
  /** Reason for rejecting the headers: they are invalid, or the sink threw. */
  rejected: { readonly reason: unknown } | undefined;
  readonly #request: RangeRequest;
  readonly #sink: RangeSink;
  #expected = 0;
  #received = 0;
  #requestId: string | undefined;
  #resolve!: () => void;
  #reject!: (reason: unknown) => void;

  constructor(request: RangeRequest, sink: RangeSink) {
    this.#request = request;
    this.#sink = sink;
    this.ended = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    this.ended.catch(() => {}); // The error is thrown when `ended` is awaited.
  }

  accepts(status: number, headers: ResponseHeaders): boolean {
    if (status >= 300) return false;
    try {
      const head = checkedHead(this.#request, status, headers);
      this.#expected = head.end - head.start;
      this.#requestId = headers['x-amz-request-id'];
      this.#sink.onHead(head);
      return true;
    } catch (reason) {
      this.rejected = { reason };
      throw reason;
    }
  }

  memory(maxBytes: number): Uint8Array {
    return this.#sink.memory?.(maxBytes) ?? newBlock(maxBytes);
  }

  onData(chunk: Uint8Array): void {
    const complete = this.#received === this.#expected;
    this.#received += chunk.length;
    if (this.#received > this.#expected) {
      // Bytes after a complete body contradict its declared length, and a retry would not change
      // that.
      throw this.#wrongLength('too-long', complete ? 'fatal' : 'transient');
    }
    this.#sink.onData(chunk);
  }

  onEnd(error: Error | undefined): void {
    if (this.#received === this.#expected) this.#resolve();
    else if (error === undefined) this.#reject(this.#wrongLength('short-body', 'transient'));
    else this.#reject(error instanceof FetchFailure ? error : connectionFailure(error));
  }

  #wrongLength(code: string, kind: 'transient' | 'fatal'): FetchFailure {
    const received = `${this.#received}${code === 'too-long' ? ' or more' : ''}`;
    const text = `expected a body of ${this.#expected} bytes, got ${received}`;
    return new FetchFailure(kind, text, { code, requestId: this.#requestId });
  }
}

/**
 * Returns the headers of a 200 or 206 response, checked against the request.
 *
 * @throws FetchFailure `changed`, `fatal`
 */
function checkedHead(request: RangeRequest, status: number, headers: ResponseHeaders): RangeHead {
  const requestId = headers['x-amz-request-id'];
  if (status !== 200 && status !== 206) throw wrong(`status ${status} instead of 200 or 206`, status);
  const span = status === 206 ? partial(request, headers) : whole(request, headers);
  const etag = plainEtag(headers['etag']);
  if (request.etag !== undefined && etag !== request.etag)
    throw new FetchFailure(
      'changed',
      `the object was overwritten while it was being read: the ETag was ${request.etag} and is now ${etag ?? 'missing'}`,
      { status, requestId },
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

type Span = Pick<RangeHead, 'start' | 'end' | 'size'>;

/** Checks a 206 response. */
function partial({ start, end }: RangeRequest, headers: ResponseHeaders): Span {
  const range = headers['content-range'] ?? '';
  const [, first, last, total] = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(range) ?? [];
  const size = Number(total);
  const expected = Math.min(end ?? size, size);
  if (!Number.isSafeInteger(size) || Number(first) !== start || Number(last) + 1 !== expected)
    throw wrong(
      `Content-Range ${JSON.stringify(range)} for bytes ${start} to ${end ?? 'the last'}; the endpoint does not support ranges`,
      206,
      headers['x-amz-request-id'],
    );
  const length = headers['content-length'];
  if (length !== undefined && Number(length) !== expected - start)
    throw wrong(`a range of ${expected - start} bytes with a Content-Length of ${length}`, 206);
  return { start, end: expected, size };
}

/** Checks a 200 response, which contains the whole object. */
function whole({ start, end }: RangeRequest, headers: ResponseHeaders): Span {
  const size = Number(headers['content-length'] ?? Number.NaN);
  if (!(Number.isSafeInteger(size) && size >= 0))
    throw wrong('no valid Content-Length, so the size of the object is unknown', 200);
  if (start > 0 || (end !== undefined && end < size))
    throw wrong(
      `all ${size} bytes for bytes ${start} to ${end ?? 'the last'}; the endpoint ignores Range, so read each object with one request (single)`,
      200,
    );
  return { start: 0, end: size, size };
}

function wrong(what: string, status: number, requestId?: string): FetchFailure {
  return new FetchFailure('fatal', `the endpoint sent ${what}`, { status, requestId });
}
