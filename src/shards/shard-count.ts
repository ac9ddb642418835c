import { UsageError } from '../errors.ts';

/** The largest number of shards that work is divided into. */
export const MAX_SHARDS = 100_000;

/** @throws UsageError unless work can be divided into this many shards */
export function checkShards(shards: number): void {
  if (Number.isSafeInteger(shards) && shards >= 1 && shards <= MAX_SHARDS) return;
  throw new UsageError(`shards: expected an integer from 1 to ${MAX_SHARDS}, got ${shards}`);
}
