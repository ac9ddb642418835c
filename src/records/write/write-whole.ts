import { discardOutput } from '../../storage/output.ts';
import { prepareOutput } from './prepare-output.ts';
import { type RecordWriteOptions, writeOptions } from './write-options.ts';

/**
 * Writes bytes that are not records, such as an index or a report. The file appears under its name when it is whole. A link stays a
 * link: the file that it points to is replaced. A replaced file keeps its mode; devices and pipes are written in place.
 *
 * @param path a path or an `s3://` address
 * @param given as of the record writers; by default an existing file is an `already-exists` error
 * @returns bytes in the file
 * @throws RecordpipeError `already-exists`, `not-found`, `access-denied`, `io-failure`, `aborted`; what `pieces` throws
 * @example
 * ```ts
 * import { writeWhole } from 'recordpipe/records/write';
 * console.log(await writeWhole('notes.txt', [new TextEncoder().encode('checked\n')])); // 8
 * ```
 */
export async function writeWhole(
  path: string,
  pieces: Iterable<Uint8Array>,
  given: Partial<RecordWriteOptions> = {},
): Promise<number> {
  const options = writeOptions(given);
  const target = await prepareOutput(path, options, options.compression, () =>
    Promise.reject(new Error('not appending')),
  );
  try {
    for (const piece of pieces) await target.sink.write(piece);
    await target.sink.close();
    await target.file.name(path);
  } catch (error) {
    await discardOutput(target);
    throw error;
  }
  return target.sink.bytes;
}
