import { unclearedMemory } from '../../bytes/uncleared-memory.ts';
import type { Places } from '../places.ts';
import { END, LATER, type Step } from '../stage.ts';
import type { Block, GlobalOrder, Group } from './global-order.ts';
import type { Shard } from './open-shards.ts';
import type { ShardFiles } from './shard-files.ts';
import { firstPosition, type PositionReader, type Share } from './share.ts';

/**
 * Reads from an object in parallel, and from a local file. Four is the number of threads that read
 * files in Node.
 */
const REMOTE_READS = 16;
const LOCAL_READS = 4;
/** Maximum number of bytes to read ahead of the current group; at least one block is. */
const REMOTE_AHEAD_BYTES = 48 * 1024 * 1024;
const LOCAL_AHEAD_BYTES = 4 * 1024 * 1024;

/** The bytes of a block. */
interface LoadedBlock {
  readonly bytes: Uint8Array;
  /** Position in the file of the first record. */
  readonly base: number;
  /** Position in `bytes` of each record, and of the end. */
  readonly starts: Float64Array;
}

/** A block that this worker needs. */
interface WantedBlock {
  readonly block: Block;
  readonly bytes: number;
  loaded: LoadedBlock | undefined;
  /** Settles when the block is loaded or has failed. Undefined until then if it is in the queue. */
  loading: Promise<void> | undefined;
  failure: { readonly error: unknown } | undefined;
}

/** A group whose blocks are in memory or requested. */
interface OpenGroup extends Group {
  /** Position after the last record. */
  readonly end: number;
  /** The blocks, or undefined for those without a record for this worker. */
  readonly wanted: readonly (WantedBlock | undefined)[];
  readonly bytes: number;
}

/**
 * Reads whole blocks ahead and delivers their records in a global order. Holds the blocks of the
 * current group in memory, and those of the next groups while they fit in the limit.
 */
export class BlockReader implements PositionReader {
  readonly #order: GlobalOrder;
  readonly #blockRecords: number;
  readonly #shards: readonly Shard[];
  readonly #files: ShardFiles;
  readonly #workers: number;
  readonly #maxReads: number;
  readonly #maxAheadBytes: number;
  /** Position of the next record to deliver. */
  #position: number;
  #current: OpenGroup | undefined;
  /** Groups after the current one whose blocks are read ahead. */
  #ahead: OpenGroup[] = [];
  #aheadBytes = 0;
  /** Number of the group after the last open one. */
  #nextGroup = 0;
  /** Blocks to read, in order. */
  #queue: WantedBlock[] = [];
  #reads = 0;
  #waitsFor: Promise<void> | undefined;
  /** The last record, and its shard. */
  #last = -1;
  #lastShard = 0;

  constructor(
    order: GlobalOrder,
    blockRecords: number,
    shards: readonly Shard[],
    files: ShardFiles,
    share: Share,
  ) {
    this.#order = order;
    this.#blockRecords = blockRecords;
    this.#shards = shards;
    this.#files = files;
    this.#workers = share.workers;
    this.#position = firstPosition(share);
    const remote = shards.some(({ isRemote }) => isRemote);
    this.#maxReads = remote ? REMOTE_READS : LOCAL_READS;
    this.#maxAheadBytes = remote ? REMOTE_AHEAD_BYTES : LOCAL_AHEAD_BYTES;
  }

  next(): Step<Uint8Array> {
    const position = this.#position;
    let group = this.#current;
    if (group === undefined || position >= group.end) {
      if (position >= this.#order.length) return END;
      group = this.#enter(position);
    }
    const slot = group.order === undefined ? position - group.start : group.order[position - group.start];
    const at = Math.floor(slot / this.#blockRecords);
    const wanted = group.wanted[at]!;
    if (wanted.loaded === undefined) {
      if (wanted.failure !== undefined) throw wanted.failure.error;
      this.#waitsFor = wanted.loading ?? this.#loadFirst(wanted);
      return LATER;
    }
    this.#position = position + this.#workers;
    return this.#record(wanted.block, wanted.loaded, slot - at * this.#blockRecords);
  }

  ready(): Promise<void> {
    return this.#waitsFor ?? Promise.resolve();
  }

  pass(count: number): number {
    const left = Math.max(0, Math.ceil((this.#order.length - this.#position) / this.#workers));
    const passed = Math.min(count, left);
    this.#position += passed * this.#workers;
    return passed;
  }

  locate(places: Places): void {
    const shard = this.#shards[this.#lastShard];
    places.add(shard.source, this.#last, shard.table.start(this.#last));
  }

  #record(block: Block, { bytes, base, starts }: LoadedBlock, i: number): Uint8Array {
    this.#lastShard = block.shard;
    this.#last = block.first + i;
    const at = starts[i];
    const offset = base + at - starts[0];
    return this.#shards[block.shard].frames.payload(bytes, at, starts[i + 1] - at, block.first + i, offset);
  }

  /** Makes the group of a position the current one, and reads ahead. */
  #enter(position: number): OpenGroup {
    let group = this.#ahead.shift();
    for (; group !== undefined && group.end <= position; group = this.#ahead.shift()) {
      const { wanted, bytes } = group;
      this.#aheadBytes -= bytes;
      this.#queue = this.#queue.filter((one) => !wanted.includes(one));
    }
    if (group === undefined) {
      this.#nextGroup = this.#order.groupOf(position);
      group = this.#open(position);
    } else this.#aheadBytes -= group.bytes;
    this.#current = group;
    this.#fill();
    return group;
  }

  /** Opens the next group and queues its blocks. @param position a position of this worker */
  #open(position: number): OpenGroup {
    const group = this.#order.group(this.#nextGroup++);
    const { start, blocks, order } = group;
    const end = blocks.reduce((sum, { count }) => sum + count, start);
    const turns = Math.max(0, Math.ceil((start - position) / this.#workers));
    const wanted = new Array<WantedBlock | undefined>(blocks.length);
    for (let at = position + turns * this.#workers; at < end; at += this.#workers) {
      const block = order === undefined ? 0 : Math.floor(order[at - start] / this.#blockRecords);
      wanted[block] ??= this.#wanted(blocks[block]);
    }
    let bytes = 0;
    for (const one of wanted) {
      if (one === undefined) continue;
      bytes += one.bytes;
      this.#queue.push(one);
    }
    return { start, blocks, order, end, wanted, bytes };
  }

  #wanted(block: Block): WantedBlock {
    const { table } = this.#shards[block.shard];
    const bytes = table.start(block.first + block.count) - table.start(block.first);
    return { block, bytes, loaded: undefined, loading: undefined, failure: undefined };
  }

  /** Starts reads while there is room for them. */
  #fill(): void {
    while (this.#reads < this.#maxReads) {
      const wanted = this.#queue.shift();
      if (wanted !== undefined) void this.#load(wanted);
      else if (this.#aheadBytes < this.#maxAheadBytes && this.#nextGroup < this.#order.groups) {
        const group = this.#open(this.#position);
        this.#aheadBytes += group.bytes;
        this.#ahead.push(group);
      } else return;
    }
  }

  /** Reads a block before all others. */
  #loadFirst(wanted: WantedBlock): Promise<void> {
    this.#queue = this.#queue.filter((one) => one !== wanted);
    return this.#load(wanted);
  }

  #load(wanted: WantedBlock): Promise<void> {
    this.#reads++;
    wanted.loading = this.#read(wanted.block)
      .then(
        (loaded) => {
          wanted.loaded = loaded;
        },
        (error: unknown) => {
          wanted.failure = { error };
        },
      )
      .then(() => {
        this.#reads--;
        this.#fill();
      });
    return wanted.loading;
  }

  async #read({ shard, first, count }: Block): Promise<LoadedBlock> {
    const { table, frames } = this.#shards[shard];
    const base = table.start(first);
    const before = Math.min(base, frames.before);
    const starts = new Float64Array(count + 1);
    starts[0] = before;
    for (let i = 0; i < count; i++) starts[i + 1] = starts[i] + table.frameBytes(first + i);
    const bytes = new Uint8Array(unclearedMemory(starts[count]));
    const file = await this.#files.hold(shard);
    try {
      await file.read(bytes, 0, bytes.length, base - before);
    } finally {
      this.#files.release(shard);
    }
    return { bytes, base, starts };
  }
}
