import { abortable } from '../bytes/abortable.ts';
import type { ByteSource, ChunkReading } from '../bytes/sources.ts';
import { startBeyondEnd } from '../formats/codec-options.ts';
import type { DetectCompression, RecordSource } from '../formats/record-format.ts';
import { openSource } from '../storage/open-source.ts';
import { isRemote, storedHead } from '../storage/stored-source.ts';
import { sourceHead } from './peeked-source.ts';
import type { ReadOptions } from './read-options.ts';

/** Number of leading bytes needed to detect the compression. */
const HEAD_BYTES = 12;

/**
 * Opens a source at byte `begin`, without reading the bytes before it. Returns undefined for a
 * compressed source, and for one that can be read only from its beginning.
 */
export async function openSeeking(
  source: ByteSource,
  begin: number,
  { compression, objects, uri: given, signal }: ReadOptions,
  detectCompression: DetectCompression,
  reading: ChunkReading,
): Promise<RecordSource | undefined> {
  const start = isRemote(source)
    ? await storedHead(source, HEAD_BYTES, objects, signal)
    : await sourceHead(source, HEAD_BYTES);
  if (start === undefined) return undefined;
  if ((compression === 'auto' ? detectCompression(start.head) : compression) !== 'none') return undefined;
  const opened = openSource(source, { ...reading, start: begin }, { objects });
  const { size } = opened;
  const uri = given ?? opened.uri;
  const stored = { bytes: 0 };
  const iterator = abortable(opened.chunks, signal)[Symbol.asyncIterator]();
  const counting: AsyncIterator<Uint8Array> = {
    async next() {
      const step = await iterator.next();
      if (!step.done) stored.bytes += step.value.length;
      // The size of an object is known once its first chunk has arrived.
      const end = step.done && stored.bytes === 0 ? size?.() : undefined;
      if (end !== undefined && end < begin) throw startBeyondEnd(begin, end, uri);
      return step;
    },
    return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
  };
  return { uri, compression: 'none', size, chunks: { [Symbol.asyncIterator]: () => counting }, stored };
}
