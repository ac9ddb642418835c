import { FetchFailure } from '../errors.ts';
import { parseObjectUri } from '../object-address.ts';
import { newBlock } from '../prefetch/object-piece.ts';
import type { RangeRequest, RangeSink } from '../storage.ts';
import type { AnswerHeaders } from './http/response-head.ts';
import type { PushedBody } from './pushed-get.ts';
import { rangeAnswer } from './range-answer.ts';
import type { S3Caller } from './s3-caller.ts';
import { connectionFailure } from './s3-failures.ts';
import { quotedEtag } from './s3-stat.ts';

/** One attempt of one ranged GET: see ObjectSource.fetch. */
export async function fetchRange(
  caller: S3Caller,
  request: RangeRequest,
  sink: RangeSink,
  signal: AbortSignal,
): Promise<void> {
  const { bucket, key } = parseObjectUri(request.uri);
  const { start, end, etag, versionId } = request;
  const body = new CheckedBody(request, sink);
  const headers = {
    // Of a whole object too: Content-Range tells its size a second time.
    range: `bytes=${start}-${end === undefined ? '' : end - 1}`,
    ...(etag !== undefined && { 'if-match': quotedEtag(etag) }),
    ...(caller.payer.RequestPayer !== undefined && { 'x-amz-request-payer': caller.payer.RequestPayer }),
  };
  try {
    await caller.get(bucket, { key, versionId, headers }, signal, body);
  } catch (error) {
    if (body.refused !== undefined) throw body.refused.reason;
    if (start === 0 && error instanceof FetchFailure && error.status === 416) {
      // Only an empty object has no first byte.
      sink.onHead({ uri: request.uri, start: 0, end: 0, size: 0, etag: undefined });
      return;
    }
    if (etag === undefined && error instanceof FetchFailure && error.status === 416)
      throw new FetchFailure('changed', `the object ends before byte ${start}; it was longer before`, {
        code: error.code,
        status: 416,
        requestId: error.requestId,
        cause: error,
      });
    throw error;
  }
  await body.ended;
}

/** Hands a body on and counts it. */
class CheckedBody implements PushedBody {
  readonly ended: Promise<void>;
  /** What was wrong with the headers, or what the sink threw on them. */
  refused: { readonly reason: unknown } | undefined;
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
    this.ended.catch(() => {}); // who awaits it is told
  }

  accepts(status: number, headers: AnswerHeaders): boolean {
    if (status >= 300) return false;
    try {
      const head = rangeAnswer(this.#request, status, headers);
      this.#expected = head.end - head.start;
      this.#requestId = headers['x-amz-request-id'];
      this.#sink.onHead(head);
      return true;
    } catch (reason) {
      this.refused = { reason };
      throw reason;
    }
  }

  memory(most: number): Uint8Array {
    return this.#sink.memory?.(most) ?? newBlock(most);
  }

  onData(chunk: Uint8Array): void {
    const complete = this.#received === this.#expected;
    this.#received += chunk.length;
    // Asking again helps where the answer was spoilt on its way; behind a complete one, which of its numbers lies cannot be told.
    if (this.#received > this.#expected)
      throw this.#wrongLength('too-long', complete ? 'fatal' : 'transient');
    this.#sink.onData(chunk);
  }

  onEnd(error: Error | undefined): void {
    if (this.#received === this.#expected) this.#resolve();
    else if (error === undefined) this.#reject(this.#wrongLength('short-body'));
    else this.#reject(error instanceof FetchFailure ? error : connectionFailure(error));
  }

  #wrongLength(code: string, kind: 'transient' | 'fatal' = 'transient'): FetchFailure {
    return new FetchFailure(
      kind,
      `the answer was to have ${this.#expected} bytes and has ${this.#received}${code === 'too-long' ? ' or more' : ''}`,
      { code, requestId: this.#requestId },
    );
  }
}
