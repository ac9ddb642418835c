import type { InflateOptions } from './gzip-header.ts';
import { inflateInHost } from './inflate-host.ts';
import { inflateWithStreams } from './inflate-web.ts';

// Bundles for browsers contain no-inflate.ts instead, which is about 3 kB smaller (gzipped).

export { inflateBytes } from './inflate-bytes.ts';

/**
 * Returns the uncompressed bytes of a gzip stream (any number of members, followed by any zero
 * padding) or of zlib streams. It yields everything that can be inflated before it throws an error.
 * @throws RecordpipeError `truncated-compressed-stream`, `corrupt-compressed-stream`,
 *   `trailing-garbage`; without a position, which the reader adds
 */
export function inflate(
  source: AsyncIterable<Uint8Array>,
  options: InflateOptions,
): AsyncIterable<Uint8Array> {
  return inflateInHost(source, options) ?? inflateWithStreams(source, options);
}
