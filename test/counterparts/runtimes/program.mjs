// Uses recordpipe as a program does, and prints the results as JSON.
// Arguments: a folder for its files, and the address of an object.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { readRecords, readTFRecords } from 'recordpipe';
import { validateFiles } from 'recordpipe/check';
import { Dataset } from 'recordpipe/dataset';
import { buildIndex, openIndexed } from 'recordpipe/records/indexes';
import { openTFRecordWriter } from 'recordpipe/records/write';
import { openObjectReader } from 'recordpipe/storage';

const [folder, object] = process.argv.slice(2);
const warnings = [];
process.on('warning', ({ message }) => warnings.push(message));

async function count(records) {
  let found = 0;
  for await (const _ of records) found++;
  return found;
}

const file = join(folder, 'a.tfrecord');
const writer = await openTFRecordWriter(file);
for (let i = 0; i < 2000; i++) await writer.write(new Uint8Array(10 * i).fill(i));
await writer.close();
const gzipped = join(folder, 'b.tfrecord.gz');
writeFileSync(gzipped, gzipSync(readFileSync(file)));

await buildIndex(file);
const indexed = await openIndexed(file);
const square = join(folder, 'square.mjs');
writeFileSync(square, 'export default (n) => n * n;');
const reader = await openObjectReader(object);
const { ok, totals } = await validateFiles(folder, { jobs: 2 });
const damaged = readFileSync(file);
damaged[damaged.length - 10] ^= 1;
const bad = join(folder, 'bad.bin');
writeFileSync(bad, damaged);

const found = {
  read: await count(readTFRecords(file)),
  gzip: await count(readRecords(gzipped)),
  stream: await count(readTFRecords(new Blob([readFileSync(file)]).stream())),
  object: await count(readRecords(object)),
  objectBytes: (await reader.read(0, 12)).length,
  indexed: [indexed.length, (await indexed.get(700)).length],
  validated: { ok, files: totals.files, records: totals.records },
  damaged: (await validateFiles(bad)).files[0].errors.map(({ code, record }) => `${code} ${record}`),
  mapped: await Dataset.range(4).mapInWorkers(pathToFileURL(square).href, { workers: 2 }).toArray(),
  warnings,
};
await reader.close();
await indexed.close();
console.log(JSON.stringify(found));
