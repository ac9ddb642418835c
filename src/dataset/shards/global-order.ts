import { Xoshiro128 } from '../operators/random.ts';
import { type Permutation, randomPermutation } from './permutation.ts';

/**
 * Number of lanes of a group. Lane `p % 24` provides the record at position `p`, so that each of 1,
 * 2, 3, 4, 6, 8, 12 or 24 workers finds its records in blocks that no other worker reads.
 */
const LANES = 24;

/** How a global order is divided and shuffled. */
export interface OrderPlan {
  readonly shuffled: boolean;
  readonly seed: number;
  readonly epoch: number;
  /** Number of consecutive records of a shard in a block. */
  readonly blockRecords: number;
  /** Number of blocks whose records are shuffled together. */
  readonly groupBlocks: number;
}

/** Consecutive records of a shard. */
export interface Block {
  readonly shard: number;
  readonly first: number;
  readonly count: number;
}

/** Blocks whose records are shuffled together. */
export interface Group {
  /** Position of the first record. */
  readonly start: number;
  readonly blocks: readonly Block[];
  /**
   * The records in order: `block * blockRecords + record`, both counted from 0. Undefined if they
   * are in the order of the blocks; the group is then a single block.
   */
  readonly order: Uint32Array | undefined;
}

/**
 * An order of all records of several shards. It is computed, never stored: memory is proportional
 * to the number of shards.
 *
 * The records of each shard form blocks of `blockRecords`, except for a shorter last one. Blocks
 * are permuted, and consecutive ones form groups. Within a group, blocks belong to lanes in turn,
 * the records of each lane are shuffled, and lanes take turns.
 */
export class GlobalOrder {
  /** Number of records. */
  readonly length: number;
  /** Number of groups. */
  readonly groups: number;
  readonly #plan: OrderPlan;
  readonly #counts: ArrayLike<number>;
  /** Number of the first block of each shard, and the number of all blocks. */
  readonly #firstBlocks: Float64Array;
  readonly #blocks: number;
  /** Order of the blocks. Undefined if they are not permuted. */
  readonly #permutation: Permutation | undefined;
  readonly #groupSeed: number;
  /** Positions of the blocks with fewer than `blockRecords` records, in the order of the blocks. */
  readonly #shortRanks: Float64Array;
  /** Number of records that the first `i` short blocks lack. */
  readonly #missing: Float64Array;

  /** @param counts number of records of each shard */
  constructor(counts: ArrayLike<number>, plan: OrderPlan) {
    const { shuffled, seed, epoch, blockRecords, groupBlocks } = plan;
    this.#plan = plan;
    this.#counts = counts;
    this.#firstBlocks = starts(counts, blockRecords);
    this.#blocks = this.#firstBlocks[counts.length];
    this.groups = Math.ceil(this.#blocks / groupBlocks);
    const random = new Xoshiro128(seed, epoch);
    this.#groupSeed = random.next() * 2 ** 21 + (random.next() >>> 11);
    this.#permutation = shuffled ? randomPermutation(this.#blocks, random) : undefined;
    const short = this.#shortBlocks();
    this.#shortRanks = Float64Array.from(short, ({ rank }) => rank);
    this.#missing = new Float64Array(short.length + 1);
    for (let i = 0; i < short.length; i++) this.#missing[i + 1] = this.#missing[i] + short[i].missing;
    this.length = this.#startOf(this.#blocks);
  }

  /** Returns the number of the group that contains a position from 0 to `length - 1`. */
  groupOf(position: number): number {
    const { groupBlocks, blockRecords } = this.#plan;
    // Short blocks only move groups to smaller positions.
    let from = Math.floor(position / (groupBlocks * blockRecords));
    let to = this.groups;
    while (to - from > 1) {
      const middle = Math.floor((from + to) / 2);
      if (this.#startOf(middle * groupBlocks) <= position) from = middle;
      else to = middle;
    }
    return from;
  }

  /** Returns a group, from 0 to `groups - 1`. */
  group(number: number): Group {
    const { groupBlocks, shuffled } = this.#plan;
    const first = number * groupBlocks;
    const last = Math.min(first + groupBlocks, this.#blocks);
    const blocks: Block[] = [];
    for (let rank = first; rank < last; rank++) blocks.push(this.block(rank));
    const start = this.#startOf(first);
    const random = new Xoshiro128(this.#groupSeed, number);
    return { start, blocks, order: shuffled ? this.#orderOf(blocks, start, random) : undefined };
  }

  /** Returns the block at a position in the order of the blocks. If all blocks have one record, it is also the position of the record. */
  block(rank: number): Block {
    const { blockRecords } = this.#plan;
    const block = this.#permutation === undefined ? rank : this.#permutation.at(rank);
    const shard = lastUpTo(this.#firstBlocks, block);
    const first = (block - this.#firstBlocks[shard]) * blockRecords;
    return { shard, first, count: Math.min(blockRecords, this.#counts[shard] - first) };
  }

  /** Returns the position of the first record of a block, given its position among the blocks. */
  #startOf(rank: number): number {
    const short = lastUpTo(this.#shortRanks, rank - 1) + 1;
    return rank * this.#plan.blockRecords - this.#missing[short];
  }

  #shortBlocks(): { readonly rank: number; readonly missing: number }[] {
    const { blockRecords } = this.#plan;
    const short: { rank: number; missing: number }[] = [];
    for (let shard = 0; shard < this.#counts.length; shard++) {
      const rest = this.#counts[shard] % blockRecords;
      if (rest === 0) continue;
      const block = this.#firstBlocks[shard + 1] - 1;
      const rank = this.#permutation === undefined ? block : this.#permutation.indexOf(block);
      short.push({ rank, missing: blockRecords - rest });
    }
    return short.sort((a, b) => a.rank - b.rank);
  }

  /** Shuffles the records of each lane and lets the lanes take turns. */
  #orderOf(blocks: readonly Block[], start: number, random: Xoshiro128): Uint32Array {
    const { blockRecords } = this.#plan;
    const lanes = Array.from({ length: Math.min(LANES, blocks.length) }, (_, lane) =>
      shuffledLane(blocks, lane, blockRecords, random),
    );
    const order = new Uint32Array(blocks.reduce((sum, { count }) => sum + count, 0));
    const used = new Uint32Array(lanes.length);
    let lane = start % LANES;
    for (let i = 0; i < order.length; lane = (lane + 1) % LANES) {
      // Lanes that have no record left, or no block, leave their turns to the next one.
      let from = lane % lanes.length;
      while (used[from] === lanes[from].length) from = (from + 1) % lanes.length;
      order[i++] = lanes[from][used[from]++];
    }
    return order;
  }
}

function shuffledLane(
  blocks: readonly Block[],
  lane: number,
  blockRecords: number,
  random: Xoshiro128,
): Uint32Array {
  let length = 0;
  for (let block = lane; block < blocks.length; block += LANES) length += blocks[block].count;
  const records = new Uint32Array(length);
  let at = 0;
  for (let block = lane; block < blocks.length; block += LANES) {
    for (let record = 0; record < blocks[block].count; record++) {
      const other = random.below(at + 1);
      records[at] = records[other];
      records[other] = block * blockRecords + record;
      at++;
    }
  }
  return records;
}

/** Returns the number of the first block of each shard, and the number of all blocks. */
function starts(counts: ArrayLike<number>, blockRecords: number): Float64Array {
  const first = new Float64Array(counts.length + 1);
  for (let i = 0; i < counts.length; i++) first[i + 1] = first[i] + Math.ceil(counts[i] / blockRecords);
  return first;
}

/** Returns the index of the last of ascending numbers that is <= `limit`, or -1. */
export function lastUpTo(ascending: Float64Array, limit: number): number {
  let from = -1;
  let to = ascending.length;
  while (to - from > 1) {
    const middle = (from + to) >> 1;
    if (ascending[middle] <= limit) from = middle;
    else to = middle;
  }
  return from;
}
