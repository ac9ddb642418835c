/** IxJS over the line protocol of bench/against. */

import { createRequire } from 'node:module';
import { from, range } from 'ix/asynciterable';
import { buffer, map } from 'ix/asynciterable/operators';
import { BATCH, firstByte, half, serveChains } from './chain.mjs';

const { version } = createRequire(import.meta.url)('ix/package.json');
const note = 'has no operator that reads ahead';

await serveChains(
  'ix',
  version,
  {
    numbers: (count) => range(0, count).pipe(map(half), buffer(BATCH)),
    records: (source) => from(source).pipe(map(firstByte), buffer(BATCH)),
  },
  { numbers: note, records: note },
);
