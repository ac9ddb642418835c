import { RecordpipeError } from '../errors.ts';

const used = new WeakSet<object>();

/**
 * Notes that a source which can be read only once is being read: a stream, a Response, a generator. Other iterables may be read again.
 *
 * @param what the source, for the error
 * @param next how the caller gets another one
 * @throws RecordpipeError `closed` the second time: such a source would yield nothing, which looks like an empty file
 */
export function useOnce(source: object, what: string, next: string): void {
  if (!isSingleUse(source)) return;
  if (used.has(source) || hasEnded(source))
    throw new RecordpipeError('closed', `${what} has been read before; ${next}`);
  used.add(source);
}

function isSingleUse(source: object): boolean {
  if ('getReader' in source || 'body' in source) return true;
  if (isNodeStream(source)) return true;
  return /^\[object (Async)?Generator\]$/.test(Object.prototype.toString.call(source));
}

interface NodeStream {
  readonly readableEnded: boolean;
  readonly destroyed: boolean;
  readonly errored?: Error | null;
}

function isNodeStream(source: object): source is NodeStream {
  return 'readableEnded' in source && 'destroyed' in source;
}

/** A stream that failed is not at its end: reading it throws the error. */
function hasEnded(source: object): boolean {
  if (!isNodeStream(source)) return false;
  return source.readableEnded || (source.destroyed && !source.errored);
}
