import type { DatasetState } from 'recordpipe/dataset';
import { expect } from 'vitest';

/** Saves and loads a state, as a checkpoint does. */
export function stored(state: DatasetState): DatasetState {
  return JSON.parse(JSON.stringify(state));
}

/** Reads up to `count` elements, and returns them with the state after them. */
export async function readSome<T>(
  source: { iterate(): AsyncIterableIterator<T> & { state(): DatasetState } },
  count: number,
): Promise<{ elements: T[]; state: DatasetState }> {
  const elements: T[] = [];
  const iterator = source.iterate();
  while (elements.length < count) {
    const { done, value } = await iterator.next();
    if (done) break;
    elements.push(value);
  }
  const state = stored(iterator.state());
  await iterator.return?.();
  expect(stored(iterator.state())).toEqual(state);
  return { elements, state };
}
