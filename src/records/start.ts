import { type ErrorPlace, RecordpipeError, UsageError } from '../errors.ts';

/**
 * Where reading begins. A {@link RecordpipeError} of an earlier reading is one: it knows the first record that was not delivered.
 */
export interface ReadStart {
  /** Position of the record's first byte, in the uncompressed bytes of the source. Default 0. */
  readonly offset?: number | undefined;
  /** Number of that record, from which records are counted. Default 0. */
  readonly record?: number | undefined;
}

/** @throws UsageError for positions that are not integers from 0 */
export function checkStart(start: ReadStart | undefined): void {
  if (start === undefined) return;
  if (typeof start !== 'object' || start === null)
    throw new UsageError(`start: expected an object { offset, record }, got ${String(start)}`);
  for (const name of ['offset', 'record'] as const) {
    const value = start[name] ?? 0;
    if (!(Number.isSafeInteger(value) && value >= 0))
      throw new UsageError(`start.${name}: expected an integer >= 0, got ${String(value)}`);
  }
}

/** The error for a source that ends before the position where reading is to begin. */
export function startBeyondEnd(offset: number, size: number, uri: string | undefined): RecordpipeError {
  const place: ErrorPlace = { uri };
  const text = `reading is to begin at byte ${offset}, the source ends at ${size}; it is not the source that was read before, or it shrank`;
  return new RecordpipeError('source-changed', text, place);
}

/** The chunks of a source from a position in it: what lies before is read and dropped. */
export function chunksFrom(
  chunks: AsyncIterable<Uint8Array>,
  offset: number,
  uri: string | undefined,
): AsyncIterable<Uint8Array> {
  if (offset === 0) return chunks;
  let iterator: AsyncIterator<Uint8Array> | undefined;
  let position = 0;
  const skipping: AsyncIterator<Uint8Array> = {
    async next() {
      iterator ??= chunks[Symbol.asyncIterator]();
      while (position < offset) {
        const step = await iterator.next();
        if (step.done) throw startBeyondEnd(offset, position, uri);
        const from = offset - position;
        position += step.value.length;
        if (position > offset) return { done: false, value: step.value.subarray(from) };
      }
      return iterator.next();
    },
    async return() {
      iterator ??= chunks[Symbol.asyncIterator]();
      await iterator.return?.();
      return { done: true, value: undefined };
    },
  };
  return { [Symbol.asyncIterator]: () => skipping };
}
