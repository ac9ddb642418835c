import type { InflateOptions } from './gzip-header.ts';
import { inflateInHost } from './inflate-host.ts';
import { inflateWithStreams } from './inflate-web.ts';

// Bundles for browsers have no-inflate.ts in its place, which is about 3 kB smaller, gzipped.

export { inflateBytes } from './inflate-bytes.ts';

/**
 * The uncompressed bytes of a gzip stream (any number of members, zero padding after them) or of zlib streams.
 * All that could be inflated before an error is yielded before the error is thrown.
 * @throws RecordpipeError `truncated-compressed-stream`, `corrupt-compressed-stream`, `trailing-garbage`; without a place: the reader knows it
 */
export function inflate(
  source: AsyncIterable<Uint8Array>,
  options: InflateOptions,
): AsyncIterable<Uint8Array> {
  return inflateInHost(source, options) ?? inflateWithStreams(source, options);
}
