/**
 * RxJS over the line protocol of bench/against. It is push-based: if a consumer is slower than its
 * source, everything is buffered in memory.
 */

import { createRequire } from 'node:module';
import { bufferCount, from, lastValueFrom, map, range, reduce } from 'rxjs';
import { BATCH, firstByte, half, serveChains } from './chain.mjs';

const { version } = createRequire(import.meta.url)('rxjs/package.json');
const note = 'pushes: no backpressure, nothing to read ahead';

function take(batches, check) {
  const add = ({ records, sum }, batch) => ({
    records: records + batch.length,
    ...(check && { sum: batch.reduce((total, element) => total + element, sum) }),
  });
  return lastValueFrom(batches.pipe(reduce(add, { records: 0, sum: 0 })));
}

await serveChains(
  'rxjs',
  version,
  {
    numbers: (count) => range(0, count).pipe(map(half), bufferCount(BATCH)),
    records: (source) => from(source).pipe(map(firstByte), bufferCount(BATCH)),
    take,
  },
  { numbers: note, records: note },
);
