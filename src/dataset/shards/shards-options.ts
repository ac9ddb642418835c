import { checkOptionNames, type OptionNames } from '../../bytes/arguments.ts';
import { UsageError } from '../../errors.ts';
import { checkCount } from '../operator-options.ts';
import type { ShardIndexing } from './open-shards.ts';

/** Maximum number of records of a block. */
const MAX_BLOCK_RECORDS: number = 2 ** 20;
const MAX_GROUP_BLOCKS = 1024;

/** Options of `Dataset.shards`. Every field has a default. */
export interface ShardsOptions extends ShardIndexing {
  /**
   * Order of the records. `sequential` (default): file by file. `shuffled`: a random order of all
   * records of all files.
   */
  readonly order?: 'shuffled' | 'sequential' | undefined;
  /**
   * Seed of the order, an integer. The same seed gives the same order on every machine. Default: a
   * random seed; required for several workers.
   */
  readonly seed?: number | undefined;
  /** Number of the first iteration's epoch. Each iteration has a different order. Default: 0. */
  readonly epoch?: number | undefined;
  /**
   * Zero-based number of this worker, and number of workers. Each worker receives the records at
   * the positions `worker`, `worker + workers`, … of the global order, which does not depend on
   * them. Default: 0 of 1.
   */
  readonly worker?: number | undefined;
  /** Number of worker threads that build indexes. */
  readonly workers?: number | undefined;
  /**
   * Position in the global order at which all workers begin: the number of records that all workers
   * together received before. A job that restarts with a different number of workers passes it. Applies
   * to the first iteration, whose number is 0. Default: 0.
   */
  readonly start?: number | undefined;
  /**
   * Number of consecutive records that are read together, 1 to 1,048,576. Default: 1 for shuffled
   * local files, so that the order is fully random; as many as take about 3 MiB for shuffled
   * objects.
   */
  readonly blockRecords?: number | undefined;
  /**
   * Number of blocks whose records are shuffled together in memory, 1 to 1024. Default: 1 if
   * local blocks are single records; otherwise 24, or fewer if they take more than 72 MiB.
   */
  readonly groupBlocks?: number | undefined;
}

const OPTIONS: OptionNames<ShardsOptions> = {
  order: 0,
  seed: 0,
  epoch: 0,
  worker: 0,
  workers: 0,
  start: 0,
  blockRecords: 0,
  groupBlocks: 0,
  multipart: 0,
  lenientFlags: 0,
  delimiter: 0,
  cr: 0,
  payloadCrc: 0,
  maxRecordBytes: 0,
  missing: 0,
  format: 0,
  objects: 0,
  include: 0,
  exclude: 0,
  strictShards: 0,
  onNotice: 0,
};

/** Checks the options. @throws UsageError */
export function checkShardsOptions(options: ShardsOptions): void {
  checkOptionNames('shards', options, OPTIONS);
  const { order = 'sequential', missing = 'error', seed, epoch = 0, worker = 0, workers = 1 } = options;
  const { start = 0, blockRecords = 1, groupBlocks = 1 } = options;
  if (order !== 'shuffled' && order !== 'sequential')
    throw new UsageError(`shards: order: expected one of shuffled, sequential, got ${String(order)}`);
  if (missing !== 'error' && missing !== 'memory')
    throw new UsageError(`shards: missing: expected one of error, memory, got ${String(missing)}`);
  if (seed !== undefined) checkCount('shards: seed', seed, Number.MIN_SAFE_INTEGER);
  checkCount('shards: epoch', epoch, 0);
  checkCount('shards: workers', workers, 1);
  checkCount('shards: worker', worker, 0);
  if (worker >= workers)
    throw new UsageError(`shards: worker: expected a number less than ${workers} (workers), got ${worker}`);
  if (order === 'shuffled' && workers > 1 && seed === undefined)
    throw new UsageError('shards: several workers require the same seed; pass it (seed)');
  checkCount('shards: start', start, 0);
  checkUpTo('shards: blockRecords', blockRecords, MAX_BLOCK_RECORDS);
  checkUpTo('shards: groupBlocks', groupBlocks, MAX_GROUP_BLOCKS);
}

function checkUpTo(name: string, value: number, max: number): void {
  checkCount(name, value, 1);
  if (value > max) throw new UsageError(`${name}: expected an integer from 1 to ${max}, got ${value}`);
}
