/**
 * Numbers of shards as engines take them: `0,3-5,7`, for `sbatch --array` and the like.
 *
 * @param shards sorted
 * @example
 * ```ts
 * import { shardList } from 'recordpipe/shards';
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
