import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Dataset } from 'recordpipe/dataset';

const text = new TextDecoder();
const dataset = Dataset.records('data/').shuffle(100).repeat(3).batch(16);

// The state and what depends on it are in one file, which a rename replaces as a whole.
const saved = existsSync('progress.json') ? JSON.parse(readFileSync('progress.json', 'utf8')) : { seen: {} };
const iterator = (saved.state === undefined ? dataset : dataset.resume(saved.state)).iterate();
for await (const batch of iterator) {
  for (const record of batch) {
    const number = text.decode(record);
    saved.seen[number] = (saved.seen[number] ?? 0) + 1;
  }
  await sleep(2);
  writeFileSync('progress.json.tmp', JSON.stringify({ state: iterator.state(), seen: saved.seen }));
  renameSync('progress.json.tmp', 'progress.json');
}
const counts = Object.values(saved.seen);
console.log(
  Math.min(...counts),
  Math.max(...counts),
  counts.reduce((sum, count) => sum + count, 0),
);
