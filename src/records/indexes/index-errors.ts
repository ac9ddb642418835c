import { crc32c } from '../../crc32c/crc32c.ts';
import { type ErrorPlace, RecordpipeError } from '../../errors.ts';
import type { StoredFile } from '../../storage/storage.ts';

/** The error for an index file that is no index, or a damaged one. */
export function malformedIndex(what: string, place: ErrorPlace): RecordpipeError {
  return new RecordpipeError('malformed-index', `malformed index: ${what}`, place);
}

const SAMPLES = 32;
const SAMPLE_BYTES = 4096;

/**
 * The CRC-32C of 32 stretches of 4 KiB: the head of the file, its tail, and 30 at even distances between; of the whole file where it has no more than
 * these 128 KiB.
 *
 * It notices another file of the same size (missed once in 2^32), and any change to the stretches looked at. A change elsewhere that keeps the size is
 * not noticed: what it does to a record is found when that record is read, as far as the format has checksums.
 */
export async function fingerprint(file: StoredFile): Promise<number> {
  const { size } = file;
  const whole = size <= SAMPLES * SAMPLE_BYTES;
  const bytes = new Uint8Array(whole ? size : SAMPLE_BYTES);
  const positions = Array.from({ length: SAMPLES }, (_, i) =>
    Math.floor((i * (size - SAMPLE_BYTES)) / (SAMPLES - 1)),
  );
  await file.prepare(
    whole
      ? [{ position: 0, length: size }]
      : positions.map((position) => ({ position, length: SAMPLE_BYTES })),
  );
  if (whole) {
    file.readNow(bytes, 0, size, 0);
    return crc32c(bytes);
  }
  let sum = 0;
  for (const position of positions) {
    file.readNow(bytes, 0, SAMPLE_BYTES, position);
    sum = crc32c(bytes, sum);
  }
  return sum;
}
