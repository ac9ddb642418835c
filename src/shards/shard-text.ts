import { UsageError } from '../errors.ts';
import type { Shard } from './environment/shard-from-environment.ts';
import { checkShards } from './shard-count.ts';

/** Which shard an option means: one of them, or whichever the environment says. */
export type ShardChoice = Shard | { readonly auto: true; readonly shards: number | undefined };

/**
 * What `i/n`, `auto` and `auto/n` mean; shards are counted from 0.
 * @throws UsageError for anything else
 */
export function parseShard(text: string): ShardChoice {
  const [, which, of] = /^(auto|\d{1,9})(?:\/(\d{1,9}))?$/.exec(text) ?? [];
  const shards = of === undefined ? undefined : Number(of);
  if (shards !== undefined && shards > 0) checkShards(shards);
  if (which === 'auto' && shards !== 0) return { auto: true, shards };
  if (which === undefined || which === 'auto' || !shards)
    throw new UsageError(`shard: expected i/n (like 0/8), auto or auto/n, got ${text}`);
  const shard = Number(which);
  if (shard < shards) return { shard, shards };
  throw new UsageError(
    `shard: expected 0/${shards} to ${shards - 1}/${shards}, for shards are counted from 0, got ${text}`,
  );
}
