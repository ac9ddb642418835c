/**
 * Repeats one case for a profiler: `node bench/subjects/repeat.mjs CASE SECONDS FOLDER [FILE]...`.
 */

import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { crc32c } from 'recordpipe';
import { mix, payloadPool } from '../against/payload.mjs';
import { Channel } from '../channel.mjs';
import { corpus } from '../corpus.mjs';
import { SEED } from '../data.mjs';
import { frameBytes, recordsIn } from '../formats.mjs';
import { median, threeDigits } from '../statistics.mjs';
import { callLoop } from './call-loop.mjs';
import { OPERATIONS } from './operations.mjs';

const WRITTEN_BYTES = 2 ** 28;
const GETS = 50_000;
const CHAIN_NUMBERS = 1_000_000;
const SHUFFLE_BYTES = 2 ** 25;

const [name, seconds, folder, ...paths] = process.argv.slice(2);
const pass = await passOf(corpus({ full: false }).find((one) => one.name === name));
const speeds = [];
for (const start = performance.now(); performance.now() - start < 1000 * Number(seconds); ) {
  const before = performance.now();
  const bytes = await pass();
  speeds.push(bytes / (performance.now() - before) / 1e6);
}
console.log(`${name}: ${speeds.length} passes, median ${threeDigits(median(speeds))} GB/s`);

/** Returns the pass function of a case. A pass returns the number of bytes it processed. */
async function passOf({ group, what, size, format }) {
  if (group === 'kernel') {
    const [bytes] = payloadPool(1, size, SEED);
    const calls = Math.ceil(1e7 / (size + 100));
    return async () => {
      callLoop((view) => crc32c(view), bytes, calls);
      return calls * size;
    };
  }
  if (group === 'write') {
    const path = join(folder, 'written');
    const count = recordsIn(WRITTEN_BYTES, size, format);
    const opener = format === 'tfrecord' ? 'openTFRecordWriter' : 'openRecordWriter';
    return async () => {
      await OPERATIONS.write[opener]({ path, format, count, size, seed: SEED });
      rmSync(path);
      return count * frameBytes(format, size);
    };
  }
  if (group === 'index') return indexPass(what, size, paths);
  if (group === 'pipe' || what === 'epoch') return pipePass(format ?? 'tfrecord', paths[0]);
  if (group === 'dataset') return chainPass(what, paths[0]);
  if (what === 'shuffle') return shufflePass(paths[0]);
  const bytes = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  const operation =
    group === 'read' ? OPERATIONS.read[what] : OPERATIONS.several[group === 'several' ? 'jobs 2' : 'jobs 1'];
  return async () => {
    await operation({ path: paths[0], paths, format });
    return bytes;
  };
}

async function indexPass(what, size, [path, index]) {
  const make = () => OPERATIONS.index.index({ path, index });
  if (what === 'make') {
    return async () => {
      await make();
      return statSync(path).size;
    };
  }
  const { records } = await make();
  const indices = Array.from({ length: GETS }, (_, k) => mix(k) % records);
  return async () => {
    await OPERATIONS.get.get({ path, index, indices });
    return GETS * size;
  };
}

function pipePass(format, path) {
  const root = join(folder, `${process.pid}-channel`);
  process.once('exit', () => rmSync(root, { recursive: true, force: true }));
  const channel = new Channel(root);
  return async () => {
    await channel.epoch(path, (place) => OPERATIONS.pipe.views({ format, ...place }));
    return statSync(path).size;
  };
}

/** For a chain over numbers, each element counts as one byte. */
function chainPass(what, path) {
  return async () => {
    await OPERATIONS.chain[what]({ count: CHAIN_NUMBERS, path, format: 'tfrecord' });
    return path === undefined ? CHAIN_NUMBERS : statSync(path).size;
  };
}

async function shufflePass(path) {
  const { shuffleFile } = await import('recordpipe/transform');
  const target = join(folder, 'shuffled.tfrecord');
  return async () => {
    await shuffleFile(path, target, { memoryBytes: SHUFFLE_BYTES, overwrite: true });
    rmSync(target);
    return statSync(path).size;
  };
}
