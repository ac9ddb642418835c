// A training job with several workers in step, which can be killed at any moment and restarted with
// another number of workers: node shares.mjs FOLDER WORKERS STEP_MS
// It appends the records of each step to FOLDER/log, and replaces FOLDER/position.json after it.
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { Dataset } from 'recordpipe/dataset';

const EPOCHS = 20;
const [folder, count, stepMs] = process.argv.slice(2);
const workers = Number(count);
const files = readdirSync(folder)
  .filter((name) => name.endsWith('.tfrecord'))
  .sort()
  .map((name) => `${folder}/${name}`);
const path = `${folder}/position.json`;
let { epoch, start, bytes } = existsSync(path)
  ? JSON.parse(readFileSync(path, 'utf8'))
  : { epoch: 0, start: 0, bytes: 0 };
const log = openSync(`${folder}/log`, 'a+');
ftruncateSync(log, bytes); // The step after the last position may have been logged already.

for (; epoch < EPOCHS; epoch++, start = 0) {
  const order = { order: 'shuffled', seed: 5, epoch, start, workers, blockRecords: 4, groupBlocks: 24 };
  const shares = Array.from({ length: workers }, (_, worker) =>
    Dataset.shards(files, { ...order, worker })
      .map(async (record) => Buffer.from(record).toString(), { parallel: 4 })
      .prefetch(3)
      .iterate(),
  );
  for (;;) {
    const answers = await Promise.all(shares.map((share) => share.next()));
    const records = answers.filter(({ done }) => !done).map(({ value }) => value);
    if (records.length === 0) break;
    // The workers begin with the one whose position is the next one.
    const first = start % workers;
    const inOrder = answers.map((_, i) => answers[(first + i) % workers]).filter(({ done }) => !done);
    bytes += writeSync(log, inOrder.map(({ value }) => `${value}\n`).join(''));
    start += records.length;
    writeFileSync(`${path}.new`, JSON.stringify({ epoch, start, bytes }));
    renameSync(`${path}.new`, path);
    if (stepMs > 0) await new Promise((resolve) => setTimeout(resolve, Number(stepMs)));
  }
}
closeSync(log);
writeFileSync(`${folder}/done`, '');
