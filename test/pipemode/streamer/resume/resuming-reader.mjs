// Reads epochs of channel train from the position of an earlier process. Stores the records and the
// position in one file, as a training program stores its model and its position.
import { once } from 'node:events';
import { createReadStream, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { PipeModeDataset } from 'recordpipe/pipemode';

const [mode, root, notes, epochs, pauseMs] = process.argv.slice(2);
const { read, position } = JSON.parse(readFileSync(notes, 'utf8'));
let told = false;

async function note(records, next) {
  if (records.length % 10 !== 0) return;
  writeFileSync(`${notes}.tmp`, JSON.stringify({ read, position: next }));
  renameSync(`${notes}.tmp`, notes);
  if (!told) console.log('reading');
  told = true;
  await sleep(Number(pauseMs));
}

/** The records of an epoch as PipeModeDataset yields them. */
async function withDataset(records) {
  const dirs = {
    pipeDir: join(root, 'input/data'),
    stateDir: join(root, 'pipe_state'),
    configDir: join(root, 'input/config'),
  };
  const dataset = new PipeModeDataset('train', { ...dirs, recordFormat: 'TFRecord', lockTimeoutMs: 60_000 });
  for await (const record of dataset.resume(position)) {
    records.push(new TextDecoder().decode(record).split(' ', 1)[0]);
    await note(records, dataset.state());
  }
}

/** The lines of an epoch, as a program without recordpipe reads them. */
async function withLines(records) {
  const stream = createReadStream(`${process.env.SM_CHANNEL_TRAIN}_${position.train.epoch}`);
  await once(stream, 'open');
  for await (const line of createInterface({ input: stream })) {
    records.push(line.split(' ', 1)[0]);
    await note(records, { train: { epoch: position.train.epoch, records: records.length } });
  }
}

const first = {
  version: 1,
  channel: 'train',
  recordFormat: 'TFRecord',
  recordsRead: 0,
  bytesRead: 0,
  lastRecord: null,
};
let epoch = position.epoch ?? position.train.epoch;
while (epoch < Number(epochs)) {
  read[epoch] ??= [];
  await (mode === 'lines' ? withLines(read[epoch]) : withDataset(read[epoch]));
  epoch++;
  if (mode === 'lines') position.train = { epoch, records: 0 };
  else Object.assign(position, { ...first, epoch });
  await note([], position);
}
console.log('done');
