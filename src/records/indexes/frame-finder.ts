import { newReadStats } from '../../formats/corruption.ts';
import type { FormatName } from '../../formats/names/index.ts';
import type { FrameFinder } from '../../formats/record-format.ts';
import { type AnyOptions, recordCodec, recordFormat } from '../../formats/registry.ts';
import type { FrameTableBuilder } from './frame-table.ts';

/** Size of a chunk. It is small enough to be still in the CPU cache when it is scanned. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Returns a finder of the frames of a file, or of a range of one, that reads all bytes.
 * @param size number of these bytes
 */
export async function frameFinder(
  format: FormatName,
  options: AnyOptions,
  uri: string,
  size: number,
  builder: FrameTableBuilder,
): Promise<FrameFinder> {
  const finder = await recordFormat(format).frameFinder?.(options, CHUNK_BYTES, builder);
  return finder ?? decodingFinder(format, options, uri, size, builder);
}

/** Finds frames by decoding the records, with one record in memory at a time. */
async function decodingFinder(
  format: FormatName,
  options: AnyOptions,
  uri: string,
  size: number,
  builder: FrameTableBuilder,
): Promise<FrameFinder> {
  const { nextBuffer, decoder: decoderOf } = (await recordCodec(format)).own(CHUNK_BYTES, 2);
  const decoder = decoderOf(options, { uri, size: () => size }, newReadStats());
  const drain = (): void => {
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) builder.add(batch);
  };
  return {
    nextBuffer,
    push(chunk) {
      decoder.push(chunk);
      drain();
    },
    end() {
      decoder.end();
      drain();
    },
  };
}
