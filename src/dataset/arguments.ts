import { UsageError } from '../errors.ts';
/** @throws UsageError unless `value` is a whole number from `least` on, or Infinity where that is allowed */
export function checkCount(name: string, value: number, least: number, infinite = false): void {
  if (infinite && value === Number.POSITIVE_INFINITY) return;
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(
      `${name}: expected an integer${least > Number.MIN_SAFE_INTEGER ? ` >= ${least}` : ''}${infinite ? ' or Infinity' : ''}, got ${String(value)}`,
    );
  }
}

/** A count of which every negative number, as in tf.data, and undefined mean that there is no limit. */
export function countOrAll(name: string, value: number | undefined): number {
  if (value === undefined) return Number.POSITIVE_INFINITY;
  checkCount(name, value, Number.MIN_SAFE_INTEGER, true);
  return value < 0 ? Number.POSITIVE_INFINITY : value;
}

/** @throws UsageError unless `value` is a function */
export function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function')
    throw new UsageError(`${name}: expected a function, got ${value === null ? 'null' : typeof value}`);
}
