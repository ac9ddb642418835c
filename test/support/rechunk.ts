/** Chunk sizes for repeated reading. */
export const CHUNK_SIZES: readonly number[] = [1, 2, 3, 7, 63, 65536];

/**
 * Yields `bytes` in chunks of `size` bytes. Each chunk has its own memory, to expose reads beyond
 * it.
 */
export function* rechunk(bytes: Uint8Array, size: number): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.slice(at, at + size);
}

/**
 * Returns `bytes` split at the given positions, in any order. Positions beyond the end have no
 * effect; equal positions give empty chunks.
 */
export function cutAt(bytes: Uint8Array, places: readonly number[]): Uint8Array[] {
  const cuts = places.map((place) => Math.min(place, bytes.length)).sort((a, b) => a - b);
  return [0, ...cuts].map((from, i) => bytes.slice(from, cuts[i] ?? bytes.length));
}

/** Yields chunks one by one, each in a separate event-loop turn. */
export async function* slowly(chunks: Iterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for (const chunk of chunks) {
    await Promise.resolve();
    yield chunk;
  }
}

/** Returns a web byte stream. */
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
