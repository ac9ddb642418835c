import { prepareTarget } from '../files/target.ts';
import { writeOptions } from '../files/write-options.ts';
import type { Reaching } from './open-data-file.ts';

/**
 * Writes a file that appears under its name only when it is whole.
 * @throws RecordpipeError `not-found`, `access-denied`, `io-failure`
 */
export async function writeWhole(
  path: string,
  pieces: Iterable<Uint8Array>,
  { objects, signal }: Reaching,
): Promise<number> {
  const target = await prepareTarget(path, writeOptions({ objects, signal }), undefined, () =>
    Promise.reject(new Error('not appending')),
  );
  try {
    for (const piece of pieces) await target.sink.write(piece);
    await target.sink.close();
    await target.name(path);
  } catch (error) {
    await target.discard();
    throw error;
  }
  return target.sink.bytes;
}
