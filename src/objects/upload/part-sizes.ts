/** Of S3: parts but the last have at least 5 MiB, there are at most 10,000, and none has more than 5 GiB (qfacts.html). */
export const MIN_PART_BYTES: number = 5 * 1024 * 1024;
export const MAX_PARTS = 10_000;
export const MAX_PART_BYTES: number = 5 * 1024 * 1024 * 1024;

/** So many parts have the same size before the next ones get larger, where the size of the whole is not known: 8 GiB with parts of 8 MiB. */
const PARTS_PER_STEP = 1000;
/** With parts of 8 MiB to begin with, 10,000 parts then hold 885 GiB, and the last ones have 307 MiB. */
const STEP = 1.5;

/**
 * How large parts are. Of a known size all are equal; some services insist on that. Of an unknown size they are equal up to the 1000th.
 * @param partBytes what is asked for
 * @param expectedBytes size of the whole, if known
 * @returns the size of part `number`, from 1
 */
export function partSizes(partBytes: number, expectedBytes: number | undefined): (number: number) => number {
  const least = Math.max(partBytes, MIN_PART_BYTES);
  if (expectedBytes !== undefined) {
    const size = Math.max(least, Math.ceil(expectedBytes / MAX_PARTS));
    return () => size;
  }
  return (number) => {
    const grown = least * STEP ** Math.floor((number - 1) / PARTS_PER_STEP);
    return Math.min(Math.ceil(grown), MAX_PART_BYTES);
  };
}
