/** A dataset of records in shards with indexes, and what its readers must find. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { encodeTFRecord } from 'recordpipe';
import { buildIndex } from 'recordpipe/records/indexes';
import { payloadPool } from '../against/payload.mjs';
import { SEED } from '../data.mjs';
import { recordsIn } from '../formats.mjs';

export const RECORD_BYTES = 10_000;

/**
 * Writes `shards` files of about `shardBytes` bytes each, with their indexes. Record k of the
 * dataset is `pool[k % pool.length]`, as in the files that alternatives write.
 */
export async function writeRecordSet(folder, shards, shardBytes) {
  mkdirSync(folder, { recursive: true });
  const each = recordsIn(shardBytes, RECORD_BYTES);
  const count = shards * each;
  const pool = payloadPool(count, RECORD_BYTES, SEED);
  const frames = pool.map(encodeTFRecord);
  const paths = [];
  for (let shard = 0; shard < shards; shard++) {
    const path = join(folder, `${String(shard).padStart(5, '0')}.tfrecord`);
    const records = Array.from({ length: each }, (_, i) => frames[(shard * each + i) % frames.length]);
    writeFileSync(path, Buffer.concat(records));
    await buildIndex(path);
    paths.push(path);
  }
  return { folder, paths, shards, count, size: RECORD_BYTES, facts: factsOf(pool, count) };
}

/** `order` is a checksum of the order of the records. */
function factsOf(pool, count) {
  const sums = pool.map((payload) => crc32(payload));
  const facts = { records: count, bytes: count * RECORD_BYTES, crcs: 0, order: 0 };
  const four = Buffer.alloc(4);
  for (let k = 0; k < count; k++) {
    const crc = sums[k % sums.length];
    facts.crcs += crc;
    four.writeUInt32LE(crc);
    facts.order = crc32(four, facts.order);
  }
  return facts;
}

/** @throws Error unless a program found all records, in the order that it promises */
export function assertFacts(what, found, { facts }, check) {
  for (const name of ['records', 'bytes', ...(check ? ['crcs'] : [])])
    if (found[name] !== facts[name])
      throw new Error(`${what}: ${name}: ${found[name]}, expected ${facts[name]}`);
  if (check && (found.order === facts.order) === what.startsWith('shuffled'))
    throw new Error(`${what}: the records are in another order`);
}
