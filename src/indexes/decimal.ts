const ZERO = 48;
const BILLION = 1e9;

/** The most digits of a safe integer. */
export const MAX_DIGITS = 16;

/** Writes a whole number from 0 to 2^53 in decimal; the index behind it. */
export function writeDecimal(target: Uint8Array, at: number, value: number): number {
  if (value < BILLION) return writeSmall(target, at, value, digitsOf(value));
  const high = Math.floor(value / BILLION);
  return writeSmall(target, writeSmall(target, at, high, digitsOf(high)), value - high * BILLION, 9);
}

function writeSmall(target: Uint8Array, at: number, value: number, digits: number): number {
  let rest = value | 0;
  for (let i = at + digits - 1; i >= at; i--) {
    const next = (rest / 10) | 0;
    target[i] = ZERO + rest - next * 10;
    rest = next;
  }
  return at + digits;
}

function digitsOf(value: number): number {
  let digits = 1;
  for (let power = 10; value >= power; power *= 10) digits++;
  return digits;
}
