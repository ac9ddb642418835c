import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { makeJob, makePipes, startWriter } from '../channel.mjs';
import { contest } from '../contest.mjs';
import { recordsIn } from '../formats.mjs';
import { median } from '../statistics.mjs';

const PROGRAM = fileURLToPath(new URL('../subjects/channels.mjs', import.meta.url));
const CHANNELS = 64;
const WITHOUT_WRITER = 4;
const SIZE = 1000;

/**
 * Reads 64 channels at once, four of which have no writer. Measures how long other file system
 * calls take meanwhile, and the time from abort to process exit. A process without channels is the
 * baseline. Figures are in milliseconds: the maximum per round, unless marked as a median.
 */
export async function runManyChannels({ smoke, fileBytes, data, rounds, add }) {
  const bytes = fileBytes / 4;
  const file = data.records('channels', recordsIn(bytes, SIZE), SIZE);
  const seen = new Map();
  const note = (who, what, unit, value) => {
    const key = `${who} ${what}`;
    if (!seen.has(key)) seen.set(key, { who, what, unit, rounds: [] });
    seen.get(key).rounds.push(value);
    return value;
  };
  const turns = { recordpipe: CHANNELS, node: 0 };
  const contestants = Object.entries(turns).map(([who, count]) => ({
    key: who,
    open: async () => ({ turn: () => turn(who, count, { smoke, data, file, note }) }),
  }));
  try {
    const outcomes = await contest(contestants, { rounds });
    const place = { group: 'channels', cores: 'all' };
    for (const [who, { failed }] of outcomes) if (failed) add({ ...place, who, what: '64 channels', failed });
    for (const figure of seen.values()) add({ ...place, ...figure });
  } finally {
    data.remove(file.path);
  }
}

async function turn(who, count, { smoke, data, file, note }) {
  const root = data.name('many-channels');
  const channels = Array.from({ length: count }, (_, k) => `channel-${k}`);
  const missing = Math.min(WITHOUT_WRITER, count);
  const folders = makeJob(root, channels);
  const writers = [];
  try {
    if (count > 0) {
      const pipes = makePipes(folders.pipeDir, channels, 0);
      for (const pipe of pipes.slice(missing)) writers.push(startWriter(pipe, file.path, { endless: true }));
    }
    const { report, exitMs } = await run({ ...folders, channels, missing, milliseconds: smoke ? 100 : 1000 });
    assertRead(report, missing);
    if (who === 'node') return note(who, 'fs.stat, nothing open', 'ms', Math.max(...report.took.reading));
    note(who, 'fs.stat, while 64 channels are opened', 'ms', Math.max(...report.took.opening));
    note(who, 'fs.stat, while 64 channels are read', 'ms', Math.max(...report.took.reading));
    note(who, 'fs.stat, while 64 channels are read, median', 'ms', median(report.took.reading));
    note(who, 'until 64 channels are open', 'ms', report.openedMs);
    return note(who, 'abort to exit', 'ms', exitMs);
  } finally {
    for (const writer of writers) writer.kill('SIGKILL');
    data.remove(root);
  }
}

/** Runs the program. Returns its report and the time from abort to exit. */
async function run(job) {
  const child = spawn(process.execPath, [PROGRAM, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [output, stderr] = ['', ''];
  child.stdout.on('data', (text) => {
    output += text;
  });
  child.stderr.on('data', (text) => {
    stderr += text;
  });
  let ended;
  child.once('exit', () => {
    ended = process.hrtime.bigint();
  });
  const [code, signal] = await once(child, 'close');
  if (code !== 0) throw new Error(`exited (${signal ?? code})\n${stderr.trim()}`);
  const report = JSON.parse(output);
  // All processes share the monotonic clock, so the times can be compared.
  return { report, exitMs: Number(ended - BigInt(report.abortedAt)) / 1e6 };
}

function assertRead({ ends }, missing) {
  for (const [k, { records, end }] of ends.entries()) {
    const right = end === 'aborted' && (k < missing ? records === 0 : records > 0);
    if (!right) throw new Error(`channel ${k}: ${records} records, then ${end}`);
  }
}
