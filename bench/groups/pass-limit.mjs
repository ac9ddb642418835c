/** A pass of a peer that would take longer stops after as many records as it reads in this time. */
const PASS_SECONDS = 0.5;

/**
 * How many records such a peer reads in so many seconds; undefined when that is all of them.
 * @param {(limit: number) => Promise<{ seconds: number }>} pass
 * @param {{ count: number, size: number }} file
 * @param {{ seconds?: number, multiple?: number }} options multiple: what the limit is a multiple of
 */
export async function limitOf(pass, { count, size }, { seconds: most = PASS_SECONDS, multiple = 1 } = {}) {
  const whole = (records) => Math.max(multiple, records - (records % multiple));
  const few = whole(Math.max(20, Math.floor(1e6 / (size + 400))));
  if (few >= count) return undefined;
  await pass(few);
  const { seconds } = await pass(few);
  const limit = whole(Math.floor((few * most) / seconds));
  return limit < count ? limit : undefined;
}
