import type { KnownFile } from '../check/file-input.ts';
import { compareKeys } from '../storage/object-address.ts';
import { bytesOf, type ShardPlan } from './plan.ts';
import { checkShards } from './shard.ts';

/** What a file costs beyond its bytes, as bytes: a request takes as long as reading so many. Without it a thousand empty files would all be one shard's. */
const FILE_COST_BYTES = 256 * 1024;

/**
 * Divides a plan: the files of each shard, in the order of the plan. The largest goes first, each to the shard that has the least so far, of equal ones to the first;
 * so that no shard has more than its equal share and one file. The same on every machine and whatever the order of the files: nothing but the plan and the number decides.
 *
 * @param shards 1 to 100,000; with more shards than files, some shards are empty
 * @throws UsageError for anything else
 * @example see `planShards`
 */
export function assign(plan: Pick<ShardPlan, 'files'>, shards: number): KnownFile[][] {
  checkShards(shards);
  const assigned: KnownFile[][] = Array.from({ length: shards }, () => []);
  const lightest = new Lightest(shards);
  const bySize = [...plan.files].sort((a, b) => bytesOf(b) - bytesOf(a) || compareFiles(a, b));
  for (const file of bySize) assigned[lightest.add(bytesOf(file) + FILE_COST_BYTES)].push(file);
  for (const files of assigned) files.sort(compareFiles);
  return assigned;
}

type Placed = Pick<KnownFile, 'uri' | 'range'>;

/** By the UTF-8 bytes of their addresses; parts of one file by their places. */
export function compareFiles(a: Placed, b: Placed): number {
  return compareKeys(a.uri, b.uri) || (a.range?.from ?? 0) - (b.range?.from ?? 0);
}

/** Shards in a heap, the one with the least work at its top; of equal ones the first. */
class Lightest {
  readonly #heap: number[];
  readonly #work: Float64Array;

  constructor(shards: number) {
    this.#heap = Array.from({ length: shards }, (_, shard) => shard);
    this.#work = new Float64Array(shards);
  }

  /** The shard that gets some more work. */
  add(work: number): number {
    const shard = this.#heap[0];
    this.#work[shard] += work;
    this.#sink();
    return shard;
  }

  #sink(): void {
    const heap = this.#heap;
    const moved = heap[0];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && this.#before(heap[child + 1], heap[child])) child++;
      if (!this.#before(heap[child], moved)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = moved;
  }

  #before(a: number, b: number): boolean {
    return this.#work[a] < this.#work[b] || (this.#work[a] === this.#work[b] && a < b);
  }
}
