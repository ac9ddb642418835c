import { checkFileNames, type FileNames } from '../file-names.ts';
import type { Operator } from '../operator.ts';
import type { Places } from '../places.ts';
import type { Position } from '../position.ts';
import { END, LATER, type Open, Stage, type Step } from '../stage.ts';
import { BlockReader } from './block-reader.ts';
import { GlobalOrder, type OrderPlan } from './global-order.ts';
import { openShards, type Shard } from './open-shards.ts';
import { MAX_OPEN, ShardFiles } from './shard-files.ts';
import { checkShardsOptions, type ShardsOptions } from './shards-options.ts';
import {
  checkIdentity,
  decodePosition,
  encodePosition,
  identityOf,
  type ShardsIdentity,
  type ShardsPosition,
} from './shards-position.ts';
import type { PositionReader, Share } from './share.ts';
import { SingleReader } from './single-reader.ts';

/**
 * Default sizes of a shuffled block and group. With a round-trip time of 20 ms, blocks of 1 MiB took
 * 1.5 times as long to read as whole objects, and blocks of 3 MiB as long as them.
 */
const BLOCK_BYTES: number = 3 * 1024 * 1024;
const GROUP_BLOCKS = 24;
const GROUP_BYTES: number = GROUP_BLOCKS * BLOCK_BYTES;
/** Sizes of blocks in sequential order, which do not affect the order. */
const LOCAL_READ_BYTES: number = 1024 * 1024;
const REMOTE_READ_BYTES: number = 4 * 1024 * 1024;

/** The records of shards in a global order. */
export class ShardsStage extends Stage<Uint8Array> {
  readonly #names: FileNames;
  readonly #options: ShardsOptions;
  readonly #seed: number;
  readonly #epoch: number;
  readonly #stop = new AbortController();
  #opening: Promise<void> | undefined;
  #files: ShardFiles | undefined;
  #reader: PositionReader | undefined;
  #failure: { readonly error: unknown } | undefined;
  #closed = false;
  /** Position in the global order at which all workers begin. */
  readonly #start: number;
  readonly #from: ShardsPosition | undefined;
  /** Number of records delivered to this worker, including those of an earlier run. */
  #delivered: number;
  /** What a resumed iteration must have in common with this one. Known once the files are open. */
  #identity: ShardsIdentity | undefined;

  /** @param from where to continue; undefined to begin at `start` */
  constructor(
    names: FileNames,
    options: ShardsOptions,
    { seed, epoch, start }: { readonly seed: number; readonly epoch: number; readonly start: number },
    from: ShardsPosition | undefined,
  ) {
    super();
    this.#start = start;
    this.#from = from;
    this.#delivered = from?.delivered ?? 0;
    this.#identity = from?.identity;
    this.#names = names;
    this.#options = options;
    this.#seed = seed;
    this.#epoch = epoch;
  }

  next(): Step<Uint8Array> {
    if (this.#reader !== undefined) {
      const record = this.#reader.next();
      if (record !== LATER && record !== END) this.#delivered++;
      return record;
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    if (this.#closed) return END;
    this.#opening ??= this.#open().catch((error: unknown) => {
      this.#failure = { error };
    });
    return LATER;
  }

  ready(): Promise<void> {
    return this.#reader?.ready() ?? this.#opening ?? Promise.resolve();
  }

  override pass(count: number): number {
    const passed = this.#reader?.pass(count) ?? 0;
    this.#delivered += passed;
    return passed;
  }

  override locate(places: Places): void {
    if (this.#reader === undefined) places.addUnknown();
    else this.#reader.locate(places);
  }

  position(): Position {
    return this.#identity === undefined ? null : encodePosition(this.#delivered, this.#identity);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#stop.abort();
    await this.#opening;
    await this.#files?.close();
  }

  async #open(): Promise<void> {
    const { objects, worker = 0, workers = 1 } = this.#options;
    const { signal } = this.#stop;
    const open = await openShards(this.#names, this.#options, MAX_OPEN, signal);
    const files = new ShardFiles(open, { objects, signal });
    this.#files = files;
    const shards = open.map(({ shard }) => shard);
    const plan = this.#plan(shards);
    const identity = identityOf(shards, plan);
    if (this.#from !== undefined) checkIdentity(identity, this.#from.identity);
    const counts = Float64Array.from(shards, ({ table }) => table.count);
    const order = new GlobalOrder(counts, plan);
    const share: Share = { worker, workers, from: Math.min(this.#start, order.length) };
    const reader =
      plan.shuffled && plan.blockRecords === 1 && plan.groupBlocks === 1
        ? new SingleReader(order, shards, files, share)
        : new BlockReader(order, plan.blockRecords, shards, files, share);
    reader.pass(this.#delivered);
    this.#identity = identity;
    this.#reader = reader;
  }

  /** Chooses the sizes of blocks and groups. */
  #plan(shards: readonly Shard[]): OrderPlan {
    const shuffled = this.#options.order === 'shuffled';
    const records = shards.reduce((sum, { table }) => sum + table.count, 0);
    const recordBytes = shards.reduce((sum, { table }) => sum + table.end, 0) / Math.max(1, records);
    const isRemote = shards.some((shard) => shard.isRemote);
    const blockBytes = shuffled ? BLOCK_BYTES : isRemote ? REMOTE_READ_BYTES : LOCAL_READ_BYTES;
    const isSingle = shuffled && !isRemote;
    // A resumed iteration keeps its blocks, for example if its files are now local.
    const sizes = { ...this.#from?.identity, ...definedSizes(this.#options) };
    const { blockRecords = isSingle ? 1 : recordsIn(blockBytes, recordBytes) } = sizes;
    const mostBlocks = Math.min(GROUP_BLOCKS, recordsIn(GROUP_BYTES, recordBytes * blockRecords));
    const { groupBlocks = !shuffled || (isSingle && blockRecords === 1) ? 1 : mostBlocks } = sizes;
    return {
      shuffled,
      seed: this.#seed,
      epoch: this.#epoch,
      blockRecords,
      groupBlocks: shuffled ? groupBlocks : 1,
    };
  }
}

/** Returns how many records of a mean size take a number of bytes; at least one. */
function recordsIn(bytes: number, recordBytes: number): number {
  return Math.max(1, Math.min(bytes, Math.round(bytes / Math.max(1, recordBytes))));
}

function definedSizes({ blockRecords, groupBlocks }: ShardsOptions): Partial<ShardsIdentity> {
  return { ...(blockRecords && { blockRecords }), ...(groupBlocks && { groupBlocks }) };
}

/**
 * Returns the records of shards in a global order.
 * @throws UsageError for invalid names or options
 */
export function shardsInOrder(
  names: FileNames,
  options: ShardsOptions = {},
): { readonly open: Open<Uint8Array>; readonly operator: Operator } {
  checkFileNames(names);
  checkShardsOptions(options);
  const {
    order = 'sequential',
    seed,
    epoch = 0,
    workers = 1,
    start = 0,
    blockRecords,
    groupBlocks,
  } = options;
  const chosen = seed ?? Math.floor(Math.random() * 2 ** 53);
  const isRandom = order === 'shuffled' && seed === undefined;
  // The worker is not part of the name: workers in step have equal states, and one can store its own.
  const parts = [
    order,
    order === 'shuffled' && (isRandom ? 'random' : `seed ${seed}`),
    epoch > 0 && `epoch ${epoch}`,
    workers > 1 && `${workers} workers`,
    start > 0 && `start ${start}`,
    blockRecords !== undefined && `blocks of ${blockRecords}`,
    groupBlocks !== undefined && `groups of ${groupBlocks}`,
  ];
  const operator: Operator = {
    name: `shards(${parts.filter(Boolean).join(', ')})`,
    sources: [],
    seed: isRandom ? chosen : undefined,
  };
  const open: Open<Uint8Array> = (iteration, from = null) => {
    const how = {
      seed: iteration.seeds.get(operator) ?? chosen,
      epoch: epoch + iteration.index,
      start: iteration.index === 0 ? start : 0,
    };
    return new ShardsStage(names, options, how, from === null ? undefined : decodePosition(from));
  };
  return { open, operator };
}
