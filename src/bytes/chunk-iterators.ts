import { isRecordpipeError, RecordpipeError } from '../errors.ts';
import { typeName } from './arguments.ts';
import { asBytes } from './binary-data.ts';

// Plain iterators, not generators: a generator's return() waits for the pull under way, so that a source which has fallen silent
// would never be closed.

const END: IteratorResult<Uint8Array> = { done: true, value: undefined };

/** The chunks of an iterable, each checked to be bytes. Ending the iteration early closes the source, also while a chunk is awaited. */
export function checkedChunks(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => checkedIterator(source) };
}

/** The chunks of a web stream, which is not iterable everywhere yet. Ending the iteration early cancels it. */
export function streamChunks(stream: ReadableStream<Uint8Array>): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => streamIterator(stream) };
}

function checkedIterator(
  source: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): AsyncIterator<Uint8Array> {
  const iterator =
    Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let pulling = false;
  let ended = false;
  const close = async (): Promise<IteratorResult<Uint8Array>> => {
    if (ended) return END;
    ended = true;
    // A Node stream's own iterator cannot be ended while it is waiting.
    if (pulling && isDestroyable(source)) source.destroy();
    else await iterator.return?.();
    return END;
  };
  return {
    async next() {
      if (ended) return END;
      pulling = true;
      const step = await pull(iterator).catch((error: unknown) => {
        ended = true;
        throw sourceFailure(error);
      });
      pulling = false;
      if (step.done) {
        ended = true;
        return END;
      }
      if (step.value instanceof Uint8Array) return step;
      const bytes = asBytes(step.value);
      if (bytes !== undefined) return { done: false, value: bytes };
      await close();
      throw notBytes(step.value);
    },
    return: close,
  };
}

async function pull(
  iterator: AsyncIterator<Uint8Array> | Iterator<Uint8Array>,
): Promise<IteratorResult<Uint8Array>> {
  return await iterator.next();
}

function streamIterator(stream: ReadableStream<Uint8Array>): AsyncIterator<Uint8Array> {
  if (stream.locked) {
    throw new RecordpipeError(
      'unsupported-source',
      'the stream is locked: another reader holds it; release that reader (releaseLock), or pass one branch of stream.tee()',
    );
  }
  const reader = stream.getReader();
  let ended = false;
  const close = async (): Promise<IteratorResult<Uint8Array>> => {
    if (ended) return END;
    ended = true;
    await reader.cancel().catch(() => {});
    reader.releaseLock();
    return END;
  };
  return {
    async next() {
      if (ended) return END;
      const { done, value } = await reader.read().catch((error: unknown) => {
        ended = true;
        throw sourceFailure(error);
      });
      if (done) {
        ended = true;
        reader.releaseLock();
        return END;
      }
      const bytes = asBytes(value);
      if (bytes !== undefined) return { done: false, value: bytes };
      await close();
      throw notBytes(value);
    },
    return: close,
  };
}

function isDestroyable(source: object): source is { destroy(): void } {
  return 'destroy' in source && typeof source.destroy === 'function';
}

/** What a stream or iterable of the caller threw, as a typed error without a place: the reader knows which record was being read. */
function sourceFailure(error: unknown): RecordpipeError {
  if (isRecordpipeError(error)) return error;
  const { name, message } = error instanceof Error ? error : { name: '', message: String(error) };
  if (name === 'AbortError')
    return new RecordpipeError('aborted', `the source was aborted: ${message}`, {}, error);
  const text = `the source failed: ${message}; open it again and resume with the option \`start\``;
  return new RecordpipeError('io-failure', text, {}, error);
}

function notBytes(value: unknown): RecordpipeError {
  const why =
    typeof value === 'string'
      ? 'is the stream decoded to text (setEncoding)? To read several files, pass their paths to readRecords'
      : 'is the stream in object mode?';
  return new RecordpipeError(
    'unsupported-source',
    `expected chunks of bytes (Uint8Array), got ${typeName(value)}; ${why}`,
  );
}
