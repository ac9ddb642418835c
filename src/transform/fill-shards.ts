import { UsageError } from '../errors.ts';
import type { Take } from './record-input.ts';
import type { ShardSet } from './shard-set.ts';

/** When a shard is full. At most one field is set; without one, there is a single shard. */
export interface ShardLimits {
  /** Number of records per shard. The last shard may have fewer. */
  readonly recordsPerShard?: number | undefined;
  /** Maximum size of a shard, in bytes, uncompressed and including framing. */
  readonly maxShardBytes?: number | undefined;
  /** Number of shards. Their record counts differ by at most one. */
  readonly shards?: number | undefined;
}

/** Writes records to the shards of a set. */
export interface Filling {
  readonly take: Take;
  /** Finishes all shards. */
  readonly end: () => Promise<void>;
}

/**
 * Fills the shards of a set one after another, in record order.
 * @param records total number of records; required for `shards`
 */
export async function fillShards(
  set: ShardSet,
  { recordsPerShard, maxShardBytes, shards }: ShardLimits,
  records: number | undefined,
): Promise<Filling> {
  let shard = await set.open();
  /** Reports whether the next record starts a new shard. */
  const full = (payload: Uint8Array): boolean => {
    if (maxShardBytes !== undefined)
      return shard.records > 0 && shard.frameBytes + shard.frameBytesOf(payload) > maxShardBytes;
    if (recordsPerShard !== undefined) return shard.records >= recordsPerShard;
    return shards !== undefined && shard.records >= share(records as number, shards, set.finished);
  };
  const next = async (): Promise<void> => {
    await set.finish(shard);
    shard = await set.open();
  };
  const writeToNext = async (payload: Uint8Array): Promise<void> => {
    await next();
    await shard.write(payload);
  };
  return {
    take: (payload) => (full(payload) ? writeToNext(payload) : shard.write(payload)),
    end: async () => {
      while (set.finished + 1 < (shards ?? 0)) await next();
      await set.finish(shard);
    },
  };
}

/** Returns the number of records in a shard. */
function share(records: number, shards: number, shard: number): number {
  return Math.floor(records / shards) + (shard < records % shards ? 1 : 0);
}

/** Maximum number of shards, because the numbers in their names have five digits. */
const MAX_SHARDS = 99_999;

/**
 * Checks an option that limits shards.
 * @param name name of the option; a number of shards, or a limit of each shard
 * @throws UsageError unless the value is an integer from 1 to the maximum
 */
export function checkLimit(name: string, value: unknown): void {
  const max = /shards$/i.test(name) ? MAX_SHARDS : Number.MAX_SAFE_INTEGER;
  if (!Number.isSafeInteger(value) || (value as number) < 1 || (value as number) > max)
    throw new UsageError(`${name}: expected an integer from 1 to ${max}, got ${String(value)}`);
}
