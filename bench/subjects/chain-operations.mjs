/** Measured chains of recordpipe/dataset operators. */

import { availableParallelism } from 'node:os';
import { AHEAD, BATCH, firstByte, half, takeBatches } from '../against/chain.mjs';
import { secondsSince } from '../against/peer_protocol.mjs';

/** Use the same mode as operations.mjs. */
const blocking = availableParallelism() === 1;

function chain(open) {
  return async (request) => {
    const { Dataset } = await import('recordpipe/dataset');
    const dataset = open(Dataset, request);
    const start = process.hrtime.bigint();
    const answer = await takeBatches(dataset.batch(BATCH).prefetch(AHEAD), request.check);
    return { seconds: secondsSince(start), ...answer };
  };
}

export const CHAIN_OPERATIONS = {
  chain: {
    numbers: chain((Dataset, { count }) => Dataset.range(count).map(half)),
    records: chain((Dataset, { path, format }) => Dataset.records(path, { format, blocking }).map(firstByte)),
  },
};
