// Operator chains: ours, plain async generators, and IxJS and RxJS where they are installed (in bench/against, or where --peers says).
//
//   node bench/dataset-chain.mjs [--records N] [--rounds N] [--peers DIR]
//
// map.batch(256).prefetch(2), over numbers and over the records of a TFRecord file of 100-byte records. Prints million elements per second, the best of
// some rounds that take turns, and how many times the plain generators that is.
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { readTFRecords } from 'recordpipe';
import { Dataset } from 'recordpipe/dataset';
import { openTFRecordWriter } from 'recordpipe/files';

const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '1000000' },
    rounds: { type: 'string', default: '5' },
    peers: { type: 'string', default: fileURLToPath(new URL('./against', import.meta.url)) },
  },
});
const records = Number(values.records);
const rounds = Number(values.rounds);
const BATCH = 256;

const half = (n) => n >> 1;
const firstByte = (record) => record[0];

async function* mapped(source, map) {
  for await (const element of source) yield map(element);
}
async function* batched(source, size) {
  let batch = [];
  for await (const element of source) {
    batch.push(element);
    if (batch.length === size) {
      yield batch;
      batch = [];
    }
  }
  if (batch.length > 0) yield batch;
}
async function* prefetched(source, count) {
  const iterator = source[Symbol.asyncIterator]();
  const ahead = [];
  for (;;) {
    while (ahead.length <= count) ahead.push(iterator.next());
    const { done, value } = await ahead.shift();
    if (done) return;
    yield value;
  }
}
const plain = (source, map) => prefetched(batched(mapped(source, map), BATCH), 2);

async function* numbers(count) {
  for (let i = 0; i < count; i++) yield i;
}

function installed(name) {
  try {
    return createRequire(join(values.peers, 'package.json')).resolve(name);
  } catch {
    return undefined;
  }
}

async function count(batches) {
  let total = 0;
  for await (const batch of batches) total += batch.length;
  return total;
}

const folder = mkdtempSync(join(tmpdir(), 'recordpipe-chain-'));
const file = join(folder, 'small.tfrecord');

async function numberChains() {
  const chains = {
    recordpipe: () => count(Dataset.range(records).map(half).batch(BATCH).prefetch(2)),
    'async generators': () => count(plain(numbers(records), half)),
  };
  const ix = installed('ix/asynciterable');
  if (ix !== undefined) {
    const { range } = await import(pathToFileURL(ix).href);
    const operators = await import(pathToFileURL(installed('ix/asynciterable/operators')).href);
    chains.IxJS = () => count(range(0, records).pipe(operators.map(half), operators.buffer(BATCH)));
  }
  const rx = installed('rxjs');
  if (rx !== undefined) {
    const { range, map, bufferCount, reduce, lastValueFrom } = (await import(pathToFileURL(rx).href)).default;
    chains['RxJS (pushes, no backpressure)'] = () =>
      lastValueFrom(
        range(0, records).pipe(
          map(half),
          bufferCount(BATCH),
          reduce((total, batch) => total + batch.length, 0),
        ),
      );
  }
  return chains;
}

function recordChains() {
  return {
    recordpipe: () =>
      count(Dataset.records(file, { format: 'tfrecord' }).map(firstByte).batch(BATCH).prefetch(2)),
    'recordpipe, for await over map': async () => {
      let total = 0;
      for await (const _ of Dataset.records(file, { format: 'tfrecord' }).map(firstByte)) total++;
      return total;
    },
    'async generators over readTFRecords': () => count(plain(readTFRecords(file), firstByte)),
  };
}

async function contest(title, chains) {
  const best = new Map();
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(chains)) {
      const start = performance.now();
      const total = await run();
      const ms = performance.now() - start;
      if (total !== records) throw new Error(`${name}: ${total} elements instead of ${records}`);
      best.set(name, Math.min(best.get(name) ?? Number.POSITIVE_INFINITY, ms));
    }
  }
  const generators = [...best].find(([name]) => name.startsWith('async generators'))[1];
  console.log(title);
  for (const [name, ms] of best) {
    const million = (records / ms / 1000).toFixed(2);
    console.log(
      `  ${name}: ${million} million/s, ${((ms / records) * 1e6).toFixed(0)} ns each, ${(generators / ms).toFixed(1)} x the generators`,
    );
  }
}

try {
  const writer = await openTFRecordWriter(file);
  const record = new Uint8Array(100);
  for (let i = 0; i < records; i++) {
    record[0] = i;
    const written = writer.write(record);
    if (written !== undefined) await written;
  }
  await writer.close();
  await contest('numbers: map.batch(256).prefetch(2)', await numberChains());
  await contest('TFRecord file, 100-byte records: map.batch(256).prefetch(2)', recordChains());
} finally {
  rmSync(folder, { recursive: true });
}
