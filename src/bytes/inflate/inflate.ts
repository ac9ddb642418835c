import { inflateInHost } from '../host-io.ts';
import type { InflateOptions } from './gzip-header.ts';
import { inflateWithStreams } from './inflate-web.ts';

/**
 * The uncompressed bytes of a gzip stream (any number of members, zero padding behind them) or of zlib streams.
 * All that could be inflated before an error is yielded before the error is thrown.
 * @throws RecordpipeError `truncated-compressed-stream`, `corrupt-compressed-stream`, `trailing-garbage`; without a place: the reader knows it
 */
export function inflate(
  source: AsyncIterable<Uint8Array>,
  options: InflateOptions,
): AsyncIterable<Uint8Array> {
  return inflateInHost(source, options) ?? inflateWithStreams(source, options);
}
