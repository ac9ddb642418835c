/**
 * The chain of operators that every library runs: map, batches of 256, and prefetching of as many
 * batches as the library's own operator supports. It runs over numbers, and over the records of a
 * TFRecord file that recordpipe reads one by one. Speaks the line protocol of bench/against.
 */

import { secondsSince, serve } from './peer_protocol.mjs';

export const BATCH = 256;
export const AHEAD = 2;
export const half = (number) => number >> 1;
export const firstByte = (record) => record[0];

/** Consumes the batches and counts elements. With `check`, it also sums them. */
export async function takeBatches(batches, check) {
  let records = 0;
  let sum = 0;
  for await (const batch of batches) {
    records += batch.length;
    if (check) for (const element of batch) sum += element;
  }
  return { records, ...(check && { sum }) };
}

/**
 * @param {{ numbers(count: number): unknown, records(source: AsyncIterable<Uint8Array>): unknown,
 *   take?: typeof takeBatches }} chains the library's chains; `take` consumes their batches
 */
export async function serveChains(name, version, { numbers, records, take = takeBatches }, notes) {
  const timed = async (open, { check }) => {
    const start = process.hrtime.bigint();
    const answer = await take(open(), check);
    return { seconds: secondsSince(start), ...answer };
  };
  const { readTFRecords } = await import('../../dist/index.js');
  await serve({
    name,
    version,
    operations: {
      chain: {
        numbers: (request) => timed(() => numbers(request.count), request),
        records: (request) => timed(() => records(readTFRecords(request.path, { blocking: true })), request),
      },
    },
    ...(notes && { notes }),
  });
}
