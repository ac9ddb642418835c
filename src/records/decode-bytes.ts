import { inflateBytes } from '../bytes/host-io.ts';
import type { RecordBatch } from './batch.ts';
import { newReadStats } from './corruption.ts';
import type { ReadOptions } from './read-options.ts';
import type { RecordFormat } from './record-format.ts';
import { inflateOptions, placed } from './record-source.ts';

/** Larger inputs are decoded span by span: positions in a batch have 32 bits. A record across a border is copied. */
const SPAN_BYTES = 2 ** 30;

/** Options of decoding bytes that are already in memory. */
export type DecodeOptions<O extends ReadOptions> = Omit<O, 'reuse' | 'chunkBytes' | 'blocking' | 'signal'>;

/**
 * The records in `bytes`, which hold a whole file, in batches of up to about 1 MiB.
 * @throws as the format's decoder; `unsupported-source` for compressed bytes in a browser
 */
export function* decodeBytes<O extends ReadOptions>(
  format: RecordFormat<O>,
  bytes: Uint8Array,
  given?: Partial<DecodeOptions<O>>,
): Generator<RecordBatch, void, undefined> {
  const complete = format.readOptions(given as Partial<O> | undefined);
  const { uri } = complete;
  const compression =
    complete.compression === 'auto' ? format.detectCompression(bytes) : complete.compression;
  const { output, error } =
    compression === 'none'
      ? { output: bytes, error: undefined }
      : inflateBytes(bytes, inflateOptions(compression, complete));
  const size = error === undefined ? () => output.length : undefined;
  const source = { uri, compressed: compression !== 'none', size };
  const decoder = format.decoder(complete, source, newReadStats());
  for (let at = 0; at < output.length && !decoder.ended; at += SPAN_BYTES) {
    decoder.push(output.subarray(at, at + SPAN_BYTES));
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) yield batch;
  }
  if (error !== undefined && !decoder.ended) throw placed(error, decoder.place);
  decoder.end();
  for (let batch = decoder.next(); batch !== null; batch = decoder.next()) yield batch;
}
