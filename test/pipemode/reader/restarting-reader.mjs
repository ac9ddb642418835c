// Reads epochs of a channel from the position of an earlier process. Logs each record and the current
// position in one file.
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PipeModeDataset } from 'recordpipe/pipemode';

const [root, last] = process.argv.slice(2);
const notes = join(root, 'notes.json');
const options = {
  pipeDir: join(root, 'data'),
  stateDir: join(root, 'state'),
  configDir: join(root, 'config'),
};
const dataset = new PipeModeDataset('train', { ...options, recordFormat: 'TextLine', idleTimeoutMs: 30_000 });

/** The records read of each epoch, and the position in the last epoch unless it was read to its end. */
const { read, state } = existsSync(notes)
  ? JSON.parse(readFileSync(notes, 'utf8'))
  : { read: [], state: null };

function note(position) {
  writeFileSync(`${notes}.tmp`, JSON.stringify({ read, state: position }));
  renameSync(`${notes}.tmp`, notes);
}

/** An epoch that a process took without logging any record. */
function begun() {
  const index = Number(readFileSync(join(root, 'state/.train-pipe_mode-state'), 'utf8'));
  const next = read.length;
  if (index <= next) return null;
  return {
    channel: 'train',
    recordFormat: 'TextLine',
    epoch: next,
    recordsRead: 0,
    bytesRead: 0,
    lastRecord: null,
  };
}

let told = false;
let resume = state;
while (read.length < Number(last) || resume !== null) {
  resume ??= existsSync(join(root, 'state/.train-pipe_mode-state')) ? begun() : null;
  const records = resume === null || resume.recordsRead === 0 ? [] : read.pop();
  const source = resume === null ? dataset : dataset.resume(resume);
  resume = null;
  read.push(records);
  for await (const record of source) {
    records.push(new TextDecoder().decode(record));
    if (records.length % 7 === 0) note(dataset.state());
    if (!told) console.log('reading');
    told = true;
  }
  note(null);
}
console.log('done');
