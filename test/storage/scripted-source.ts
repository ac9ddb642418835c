import { RecordpipeError } from '../../src/errors.ts';
import { FetchFailure } from '../../src/storage/errors.ts';
import type {
  ObjectInfo,
  ObjectRef,
  ObjectSource,
  ObjectStat,
  RangeRequest,
  RangeSink,
} from '../../src/storage/storage.ts';
import type { ResponseRounds } from '../support/response-rounds.ts';
import { forgetThrottling } from './faults/transfer.ts';

/** A fault in one request. */
export interface Fault {
  /** Fails with this failure. */
  readonly failure?: FetchFailure;
  /** Number of bytes that arrive before it fails or stalls. Default 0. */
  readonly after?: number;
  /** Stalls until the request is aborted; `headers`: before the headers. */
  readonly stall?: 'headers' | 'body';
  /** The response ends early without an error. */
  readonly endsEarly?: boolean;
  /** Milliseconds between two chunks. */
  readonly dripMs?: number;
  /** Called before the response starts. */
  readonly before?: () => void;
}

interface Stored {
  bytes: Uint8Array;
  etag: string | undefined;
  versionId?: string | undefined;
  checksums?: ObjectStat['checksums'];
}

export const reset = (): FetchFailure =>
  new FetchFailure('transient', 'the connection was reset', { code: 'ECONNRESET' });
export const slowDown = (retryAfterMs?: number): FetchFailure =>
  new FetchFailure('throttled', 'Please reduce your request rate', {
    code: 'SlowDown',
    status: 503,
    requestId: 'ID503',
    retryAfterMs,
  });
export const internal = (): FetchFailure =>
  new FetchFailure('transient', 'We encountered an internal error', { status: 500, requestId: 'ID500' });

/** Objects in memory, with responses that fail according to a script. */
export class ScriptedSource implements ObjectSource {
  readonly objects: Map<string, Stored> = new Map();
  readonly requests: RangeRequest[] = [];
  readonly chunkBytes: number;
  /** Called before every request; `number` counts requests from 0. */
  script: (request: RangeRequest, number: number) => Fault | undefined = () => undefined;
  /** Milliseconds until a response begins. */
  latencyMs = 0;
  /** Answers concurrent requests together. */
  rounds: ResponseRounds | undefined;
  activeRequests = 0;
  peakActiveRequests = 0;
  /** Number of bytes passed to sinks. */
  sent = 0;

  constructor(chunkBytes = 1000) {
    forgetThrottling();
    this.chunkBytes = chunkBytes;
  }

  put(uri: string, bytes: Uint8Array, etag: string | undefined = `etag-${uri}`): ObjectRef {
    this.objects.set(uri, { bytes, etag });
    return { uri, size: bytes.length, etag };
  }

  async *list(): AsyncIterable<ObjectInfo> {
    for (const [uri, { bytes, etag }] of this.objects) yield { uri, size: bytes.length, etag };
  }

  async stat({ uri }: ObjectRef): Promise<ObjectStat> {
    await turn();
    const stored = this.objects.get(uri);
    if (stored === undefined) throw new RecordpipeError('object-missing', 'there is no such object', { uri });
    const { bytes, etag, versionId, checksums = [] } = stored;
    return { uri, size: bytes.length, etag, versionId, checksums, metadata: {} };
  }

  async read(request: RangeRequest, sink: RangeSink, signal: AbortSignal): Promise<void> {
    const fault = this.script(request, this.requests.length);
    this.requests.push(request);
    this.activeRequests += 1;
    this.peakActiveRequests = Math.max(this.peakActiveRequests, this.activeRequests);
    try {
      await this.rounds?.next();
      await (this.latencyMs > 0 ? pause(this.latencyMs, signal) : turn());
      fault?.before?.();
      await this.#answer(request, sink, signal, fault);
    } finally {
      this.activeRequests -= 1;
    }
  }

  async #answer(
    request: RangeRequest,
    sink: RangeSink,
    signal: AbortSignal,
    fault: Fault | undefined,
  ): Promise<void> {
    if (fault?.stall === 'headers') await aborted(signal);
    checkAborted(signal);
    const stored = this.objects.get(request.uri);
    if (stored === undefined)
      throw new FetchFailure('missing', 'The specified key does not exist', {
        status: 404,
        code: 'NoSuchKey',
      });
    const { bytes, etag, versionId } = stored;
    if (request.etag !== undefined && request.etag !== etag)
      throw new FetchFailure('changed', 'At least one of the pre-conditions did not hold', { status: 412 });
    const end = Math.min(request.end ?? bytes.length, bytes.length);
    const stop = Math.min(end, request.start + (fault?.after ?? Number.POSITIVE_INFINITY));
    if (fault?.failure !== undefined && (fault.after ?? 0) === 0) throw fault.failure;
    if (request.start >= bytes.length && bytes.length > 0)
      throw new FetchFailure('fatal', 'The requested range is not satisfiable', { status: 416 });
    sink.onHead({ uri: request.uri, size: bytes.length, etag, versionId, start: request.start, end });
    for (let at = request.start; at < stop; at += this.chunkBytes) {
      const chunk = bytes.slice(at, Math.min(at + this.chunkBytes, stop));
      this.sent += chunk.length;
      sink.onData(chunk);
      await (fault?.dripMs === undefined ? turn() : pause(fault.dripMs, signal));
      checkAborted(signal);
    }
    if (fault?.stall === 'body') await aborted(signal);
    if (fault?.failure !== undefined) throw fault.failure;
    if (stop < end && !fault?.endsEarly) throw reset();
  }
}

function checkAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new FetchFailure('aborted', 'aborted');
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
