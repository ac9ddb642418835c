import { abortable } from '../bytes/abortable.ts';
import { type ErrorPlace, isRecordpipeError, RecordpipeError, sentenceOf } from '../errors.ts';
import type { Batches } from '../records/record-reader.ts';
import { openRecordSource } from '../records/record-source.ts';
import type { ChannelDecoding } from './channel-format.ts';
import type { EpochProgress } from './epoch-progress.ts';
import type { EpochSource } from './epoch-source.ts';

/** The records of one open source in batches, timed and counted. The source is closed at the end, however it comes. */
export async function* decodeSource(
  source: EpochSource,
  decoding: ChannelDecoding,
  idleTimeoutMs: number,
  progress: EpochProgress,
  signal: AbortSignal,
): Batches {
  const { options, nextBuffer } = decoding;
  const raw = abortable(source.chunks({ chunkBytes: options.chunkBytes, nextBuffer }, idleTimeoutMs), signal);
  const compressed = options.compression !== 'none';
  const size = compressed ? undefined : source.size;
  const decoder = decoding.decoder({ uri: source.path, size, compressed }, progress.stats);
  progress.opened();
  let chunks = raw[Symbol.asyncIterator]();
  let began = performance.now();
  try {
    if (compressed) {
      const inflating = { ...options, uri: source.path };
      const inflated = await openRecordSource(raw, inflating, decoding.detectCompression);
      chunks = inflated.chunks[Symbol.asyncIterator]();
    }
    while (!decoder.ended) {
      const asked = performance.now();
      const { done, value } = await chunks.next();
      progress.waitMs += performance.now() - asked;
      if (done) decoder.end();
      else decoder.push(value);
      for (let batch = decoder.next(); batch !== null; batch = decoder.next()) {
        progress.began(batch, decoder.place.offset as number);
        progress.readMs += performance.now() - began;
        yield batch;
        began = performance.now();
      }
      if (done) break;
    }
    progress.readMs += performance.now() - began;
  } catch (error) {
    throw withPlace(error, decoder.place);
  } finally {
    await chunks.return?.();
  }
}

/** Failures of the pipe do not know which record was being read. */
function withPlace(error: unknown, place: ErrorPlace): unknown {
  if (!isRecordpipeError(error) || error.record !== undefined) return error;
  return new RecordpipeError(
    error.code,
    sentenceOf(error),
    { ...place, uri: error.uri ?? place.uri },
    error.cause,
  );
}
