import {
  closeInput,
  eachRecord,
  endOf,
  type InputOpening,
  type NamedSource,
  openInput,
  type RecordInput,
  type Take,
} from './record-input.ts';
import type { TransformOptions } from './transform-options.ts';

/**
 * Passes the records of several sources to `take`, in order, and closes each source.
 *
 * @param first the first source, which is open
 * @param options options for the other sources
 * @returns the number of records of each source
 */
export async function readSources(
  first: RecordInput,
  sources: readonly NamedSource[],
  options: TransformOptions & Pick<InputOpening, 'filter'>,
  take: Take,
): Promise<number[]> {
  const { read, onProgress } = options;
  const records: number[] = [];
  let recordsBefore = 0;
  let bytesBefore = 0;
  for (const [i, { source, uri }] of sources.entries()) {
    const own = { ...options, read: { ...read, uri: read.uri ?? uri } };
    const input = i === 0 ? first : await openInput(source, own);
    let count = 0;
    let bytes = 0;
    try {
      await eachRecord(input, take, (batch) => {
        count += batch.length;
        bytes = endOf(batch);
        onProgress?.({
          records: recordsBefore + count,
          bytes: bytesBefore + bytes,
          totalBytes: undefined,
        });
      });
    } finally {
      await closeInput(input);
    }
    recordsBefore += count;
    bytesBefore += bytes;
    records.push(count);
  }
  return records;
}
