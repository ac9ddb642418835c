import { RecordpipeError } from '../errors.ts';

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
        throw error;
      });
      pulling = false;
      if (step.done) {
        ended = true;
        return END;
      }
      if (step.value instanceof Uint8Array) return step;
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
      const { done, value } = await reader.read();
      if (done) {
        ended = true;
        reader.releaseLock();
        return END;
      }
      if (value instanceof Uint8Array) return { done: false, value };
      await close();
      throw notBytes(value);
    },
    return: close,
  };
}

function isDestroyable(source: object): source is { destroy(): void } {
  return 'destroy' in source && typeof source.destroy === 'function';
}

function notBytes(value: unknown): RecordpipeError {
  return new RecordpipeError(
    'unsupported-source',
    `expected chunks of bytes (Uint8Array), got ${typeof value}; is the stream in object mode, or decoded to text?`,
  );
}
