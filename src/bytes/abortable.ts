import { RecordpipeError } from '../errors.ts';

/** `chunks`, ended with an `aborted` error as soon as the signal fires, also while a chunk is awaited; the source is closed. */
export function abortable(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): AsyncIterable<Uint8Array> {
  return signal === undefined ? chunks : untilAborted(chunks, signal);
}

/** @throws RecordpipeError `aborted` when the signal has fired */
export function checkAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw new RecordpipeError('aborted', 'aborted by its signal', {}, signal.reason);
}

async function* untilAborted(
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const iterator = chunks[Symbol.asyncIterator]();
  let onAbort = (): void => {};
  const aborted = new Promise<'aborted'>((resolve) => {
    onAbort = () => resolve('aborted');
  });
  signal.addEventListener('abort', onAbort);
  try {
    for (;;) {
      checkAborted(signal);
      const next = iterator.next();
      const step = await Promise.race([next, aborted]);
      if (step === 'aborted') {
        next.catch(() => {}); // its outcome no longer matters
        checkAborted(signal);
      } else {
        if (step.done) return;
        yield step.value;
      }
    }
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Not awaited after an abort: a source that never answers would hold everything up.
    const closed = iterator.return?.();
    if (signal.aborted) closed?.catch(() => {});
    else await closed;
  }
}
