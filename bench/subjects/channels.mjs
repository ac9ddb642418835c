/**
 * Reads many channels at once and repeatedly measures another file system call: `node
 * bench/subjects/channels.mjs JSON` with `{ pipeDir, stateDir, configDir, channels, missing,
 * milliseconds }`. Reads for `milliseconds` after all pipes are open, then aborts, prints a report,
 * and exits.
 */

import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipeModeDataset } from 'recordpipe/pipemode';

const BETWEEN_MS = 2;

const { channels, missing, milliseconds, ...folders } = JSON.parse(process.argv[2]);
const controller = new AbortController();
const { signal } = controller;
/** Durations of the calls by phase. */
const took = { opening: [], reading: [] };
let phase = 'opening';

const began = performance.now();
const datasets = channels.map(
  (name) => new PipeModeDataset(name, { recordFormat: 'TFRecord', ...folders, signal }),
);
const reading = Promise.all(datasets.map(read));
const measuring = measureStat();
while (datasets.some((dataset) => dataset.metrics()?.epoch === undefined)) await sleep(1);
const openedMs = performance.now() - began;
phase = 'reading';
await sleep(milliseconds);
const abortedAt = process.hrtime.bigint();
controller.abort();
await measuring;
const ends = await reading;
const bytes = datasets.reduce((sum, dataset) => sum + dataset.metrics().payloadBytes, 0);
console.log(JSON.stringify({ took, openedMs, bytes, ends, missing, abortedAt: String(abortedAt) }));

/** Reads a channel. Returns the number of records and how the channel ended. */
async function read(dataset) {
  let records = 0;
  try {
    for await (const { length } of dataset.batches({ reuse: true })) records += length;
    return { records, end: 'end' };
  } catch (error) {
    return { records, end: error.code ?? String(error) };
  }
}

async function measureStat() {
  while (!signal.aborted) {
    const start = performance.now();
    await stat(folders.configDir);
    took[phase].push(performance.now() - start);
    await sleep(BETWEEN_MS);
  }
}
