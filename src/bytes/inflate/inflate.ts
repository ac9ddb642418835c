import { inflateInHost } from '../host-io.ts';
import { inflateWithStreams } from './inflate-web.ts';

/** How a compressed stream is read. */
export interface InflateOptions {
  readonly kind: 'gzip' | 'zlib';
  /** Whether zlib streams after the first are read. */
  readonly zlibConcat: boolean;
  /** Called when another zlib stream follows the first. */
  readonly onNextStream?: () => void;
  /** What a stream that ends too early is: an error, quiet where only a gzip trailer is not whole, or quiet wherever it ends. */
  readonly whenTruncated: 'throw' | 'stop-at-trailer' | 'stop';
}

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
