// A training job that can be killed at any moment: node train.mjs FOLDER WORKERS thread|process STEP_MS
// It appends each batch to FOLDER/log, and replaces FOLDER/checkpoint.json after it.
import {
  closeSync,
  existsSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { batches } from './chain.mjs';

async function train(folder, workers, stepMs) {
  const path = `${folder}/checkpoint.json`;
  const saved = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : { bytes: 0 };
  const log = openSync(`${folder}/log`, 'a+');
  ftruncateSync(log, saved.bytes); // The batch after the checkpoint may have been logged already.
  const dataset = await batches(folder, workers);
  const iterator = (saved.state ? dataset.resume(saved.state) : dataset).iterate();
  let { bytes } = saved;
  for await (const batch of iterator) {
    if (bytes === saved.bytes) writeSync(1, 'first batch\n');
    bytes += writeSync(log, `${batch.join(' ')}\n`);
    writeFileSync(`${path}.new`, JSON.stringify({ bytes, state: iterator.state() }));
    renameSync(`${path}.new`, path);
    if (stepMs > 0) await new Promise((resolve) => setTimeout(resolve, stepMs));
  }
  closeSync(log);
  writeFileSync(`${folder}/done`, '');
}

if (isMainThread && process.argv[4] === 'thread') {
  new Worker(new URL(import.meta.url), { workerData: process.argv.slice(2) });
} else {
  const [folder, workers, , stepMs] = isMainThread ? process.argv.slice(2) : workerData;
  await train(folder, Number(workers), Number(stepMs));
}
