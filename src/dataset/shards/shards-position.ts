import { RecordpipeError } from '../../errors.ts';
import { hash } from '../operator.ts';
import { isCount, isList, malformedPosition, type Position } from '../position.ts';
import type { OrderPlan } from './global-order.ts';
import type { Shard } from './open-shards.ts';

/** What two iterations must have in common to yield the same records in the same order. */
export interface ShardsIdentity {
  readonly shards: number;
  readonly records: number;
  /** Hash of the numbers of records, the sizes and the fingerprints of all shards. */
  readonly contents: number;
  readonly blockRecords: number;
  readonly groupBlocks: number;
}

/** A position in the share of one worker. */
export interface ShardsPosition {
  /** Number of records that were delivered to each worker. */
  readonly delivered: number;
  readonly identity: ShardsIdentity;
}

/** Returns the identity of an order. It does not depend on the names and times of files. */
export function identityOf(
  shards: readonly Shard[],
  { blockRecords, groupBlocks }: OrderPlan,
): ShardsIdentity {
  const lines = shards.map(({ table, size, fingerprint = 0 }) => `${table.count} ${size} ${fingerprint}`);
  const records = shards.reduce((sum, { table }) => sum + table.count, 0);
  return { shards: shards.length, records, contents: hash(lines.join()), blockRecords, groupBlocks };
}

/**
 * Compares the shards with those of a state.
 * @throws RecordpipeError `not-resumable` if they differ
 */
export function checkIdentity(found: ShardsIdentity, stored: ShardsIdentity): void {
  const difference =
    found.shards !== stored.shards
      ? `${found.shards} shards instead of ${stored.shards}`
      : found.records !== stored.records
        ? `${found.records} records in all shards instead of ${stored.records}`
        : found.contents !== stored.contents
          ? 'the same number of shards, but with different content or in a different order'
          : undefined;
  if (difference === undefined) return;
  throw new RecordpipeError(
    'not-resumable',
    `the files differ from those of the state: found ${difference}; restore the files, or restart the epoch`,
  );
}

export function encodePosition(
  delivered: number,
  { shards, records, contents, blockRecords, groupBlocks }: ShardsIdentity,
): Position {
  return [delivered, shards, records, contents, blockRecords, groupBlocks];
}

/** @throws RecordpipeError `malformed-state` */
export function decodePosition(position: Position): ShardsPosition {
  if (!isList(position, 6) || !position.every(isCount)) throw malformedPosition('shards');
  const [delivered, shards, records, contents, blockRecords, groupBlocks] = position as readonly number[];
  if (blockRecords === 0 || groupBlocks === 0) throw malformedPosition('shards');
  return { delivered, identity: { shards, records, contents, blockRecords, groupBlocks } };
}
