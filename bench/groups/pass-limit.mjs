/**
 * Time limit of a pass, in seconds. A slower peer stops after the number of records that it reads
 * in this time.
 */
const PASS_SECONDS = 0.2;

/**
 * Returns the number of records that a peer reads in this time, or undefined if it reads all of
 * them.
 * @param {(limit: number) => Promise<{ seconds: number }>} pass
 * @param {{ count: number, size: number }} file
 * @param {number} multiple the result is a multiple of this number
 */
export async function limitOf(pass, { count, size }, multiple = 1) {
  const whole = (records) => Math.max(multiple, records - (records % multiple));
  const few = whole(Math.max(20, Math.floor(1e6 / (size + 400))));
  if (few >= count) return undefined;
  await pass(few);
  const { seconds } = await pass(few);
  const limit = whole(Math.floor((few * PASS_SECONDS) / seconds));
  return limit < count ? limit : undefined;
}
