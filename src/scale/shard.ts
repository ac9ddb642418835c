import { UsageError } from '../errors.ts';

/** One of several shards. */
export interface Shard {
  /** Zero-based shard number. */
  readonly shard: number;
  /** Total number of shards. */
  readonly shards: number;
}

/** Maximum number of shards. */
export const MAX_SHARDS = 100_000;

/** Checks a number of shards. @throws UsageError unless it is an integer from 1 to 100,000 */
export function checkShards(shards: number): void {
  if (Number.isSafeInteger(shards) && shards >= 1 && shards <= MAX_SHARDS) return;
  throw new UsageError(`shards: expected an integer from 1 to ${MAX_SHARDS}, got ${shards}`);
}

/**
 * Formats shard numbers in the syntax of engines, such as that of `sbatch --array`: `0,3-5,7`.
 *
 * @param shards in ascending order
 * @example
 * ```ts
 * import { shardList } from 'recordpipe/scale';
 * console.log(shardList([0, 3, 4, 5, 7])); // 0,3-5,7
 * ```
 */
export function shardList(shards: readonly number[]): string {
  const runs: string[] = [];
  for (let from = 0; from < shards.length; ) {
    let to = from;
    while (to + 1 < shards.length && shards[to + 1] === shards[to] + 1) to++;
    runs.push(to === from ? `${shards[from]}` : `${shards[from]}-${shards[to]}`);
    from = to + 1;
  }
  return runs.join(',');
}

/** Value of a shard option: an explicit shard, or `auto` to read it from the environment. */
export type ShardChoice =
  | Shard
  | {
      /** The environment of the process states the shard. */
      readonly auto: true;
      /** Total number of shards, if the environment does not state it. */
      readonly shards: number | undefined;
    };

/**
 * Parses `I/N` (zero-based), `auto` and `auto/N`.
 * @throws UsageError for any other text
 */
export function parseShard(text: string): ShardChoice {
  const [, which, of] = /^(auto|\d{1,9})(?:\/(\d{1,9}))?$/.exec(text) ?? [];
  const shards = of === undefined ? undefined : Number(of);
  if (shards !== undefined && shards > 0) checkShards(shards);
  if (which === 'auto' && shards !== 0) return { auto: true, shards };
  if (which === undefined || which === 'auto' || !shards)
    throw new UsageError(`shard: expected I/N (such as 0/8), auto or auto/N, got ${text}`);
  const shard = Number(which);
  if (shard < shards) return { shard, shards };
  throw new UsageError(
    `shard: expected 0/${shards} to ${shards - 1}/${shards} (shard numbers start at 0), got ${text}`,
  );
}
