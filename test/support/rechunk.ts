/** The chunk sizes with which everything is read again. */
export const CHUNK_SIZES: readonly number[] = [1, 2, 3, 7, 63, 65536];

/** `bytes` in chunks of `size` bytes; every chunk is memory of its own, so that reading beyond it shows. */
export function* rechunk(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

/** `bytes` cut at the given places, in any order; places beyond the end do nothing, equal places make empty chunks. */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = places.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b);
  return [0, ...cuts].map((from, i) => bytes.slice(from, cuts[i] ?? bytes.length));
}

/** Chunks that arrive one by one, each in a turn of its own. */
export async function* slowly(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield chunk;
  }
}

/** A byte stream of the web. */
export function webStream(chunks: Iterable<Uint8Array>): ReadableStream<Uint8Array> {
  const iterator = chunks[Symbol.iterator]();
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = iterator.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
  });
}
