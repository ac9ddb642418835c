/**
 * Many channels read at once, and beside that another call of the file system again and again: `node bench/subjects/channels.mjs JSON`, of
 * `{ pipeDir, stateDir, configDir, channels, missing, milliseconds }`. Reads for so long once all pipes are open, then aborts, tells what it saw, and ends by itself.
 */

import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipeModeDataset } from 'recordpipe/pipemode';

const BETWEEN_MS = 2;

const { channels, missing, milliseconds, ...folders } = JSON.parse(process.argv[2]);
const controller = new AbortController();
const { signal } = controller;
/** How long the calls took, phase by phase. */
const took = { opening: [], reading: [] };
let phase = 'opening';

const began = performance.now();
const datasets = channels.map(
  (name) => new PipeModeDataset(name, { recordFormat: 'TFRecord', ...folders, signal }),
);
const reading = Promise.all(datasets.map(read));
const looking = look();
while (datasets.some((dataset) => dataset.metrics()?.epoch === undefined)) await sleep(1);
const openedMs = performance.now() - began;
phase = 'reading';
await sleep(milliseconds);
const abortedAt = process.hrtime.bigint();
controller.abort();
await looking;
const ends = await reading;
const bytes = datasets.reduce((sum, dataset) => sum + dataset.metrics().payloadBytes, 0);
console.log(JSON.stringify({ took, openedMs, bytes, ends, missing, abortedAt: String(abortedAt) }));

/** How many records came, and how it ended. */
async function read(dataset) {
  let records = 0;
  try {
    for await (const { length } of dataset.batches({ reuse: true })) records += length;
    return { records, end: 'end' };
  } catch (error) {
    return { records, end: error.code ?? String(error) };
  }
}

async function look() {
  while (!signal.aborted) {
    const start = performance.now();
    await stat(folders.configDir);
    took[phase].push(performance.now() - start);
    await sleep(BETWEEN_MS);
  }
}
