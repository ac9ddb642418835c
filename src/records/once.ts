import { RecordpipeError } from '../errors.ts';

// Generators yield nothing when they are iterated a second time, which looks like an empty file. These throw instead.

/**
 * Makes a second iteration fail, once the generator has ended or has been closed.
 * @param again how the caller starts over
 */
export function onceAsync<T>(
  generator: AsyncGenerator<T, void, undefined>,
  again: string,
): AsyncGenerator<T, void, undefined> {
  let ended = false;
  const next = generator.next.bind(generator);
  const close = generator.return.bind(generator);
  const end = (): void => {
    ended = true;
  };
  generator.next = () => {
    const step = next();
    // On the side: the caller's own promise must not take another turn of the event loop.
    step.then(({ done }) => {
      if (done) ended = true;
    }, end);
    return step;
  };
  generator.return = (value) => {
    ended = true;
    return close(value);
  };
  generator[Symbol.asyncIterator] = () => {
    if (ended) throw alreadyRead(again);
    return generator;
  };
  return generator;
}

/** The same for a generator that sets `state.ended` in its `finally`: counting calls of `next` would slow down every record. */
export function onceSync<T>(
  make: (state: { ended: boolean }) => Generator<T, void, undefined>,
  again: string,
): Generator<T, void, undefined> {
  const state = { ended: false };
  const generator = make(state);
  generator[Symbol.iterator] = () => {
    if (state.ended) throw alreadyRead(again);
    return generator;
  };
  return generator;
}

/** The error for records that are iterated a second time. */
export function alreadyRead(again: string): RecordpipeError {
  return new RecordpipeError('closed', `these elements have been read, and can be read only once; ${again}`);
}
