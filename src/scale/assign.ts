import type { KnownFile } from '../check/file-input.ts';
import { bytesOf, compareFiles, type ShardPlan } from './plan.ts';
import { checkShards } from './shard.ts';

/**
 * Fixed cost of a file, in bytes: a request takes as long as reading this many bytes. Without this
 * cost, a single shard could receive thousands of empty files.
 */
const FILE_COST_BYTES = 256 * 1024;

/**
 * Divides a plan into shards and returns the files of each shard, in plan order. Assigns the files
 * from largest to smallest, each to the shard with the least work so far. No shard exceeds an equal
 * share by more than one file. The result depends only on the plan and the number of shards.
 *
 * @param shards 1 to 100,000; if it exceeds the number of files, some shards are empty
 * @throws UsageError for any other number
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

/** A heap of shards with the least work on top. Among equals, the lowest shard number is on top. */
class Lightest {
  readonly #heap: number[];
  readonly #work: Float64Array;

  constructor(shards: number) {
    this.#heap = Array.from({ length: shards }, (_, shard) => shard);
    this.#work = new Float64Array(shards);
  }

  /** Adds work to the shard with the least work and returns that shard. */
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
