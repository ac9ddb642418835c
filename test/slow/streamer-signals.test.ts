import { mkdirSync } from 'node:fs';
import { test } from 'vitest';
import { Xoshiro128 } from '../../src/dataset/operators/random.ts';
import { interrupted, takenOver } from '../pipemode/streamer/interrupted.ts';
import { writeObjects } from '../pipemode/streamer/stream-place.ts';
import { slowShare } from '../support/slow-share.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const data = temp.file('data');
const objects = { a: 'one\n'.repeat(100_000), b: 'two\n' };
writeObjects(data, objects);
const WHOLE = Buffer.from(Object.values(objects).join(''));

/** Sends signals at random times, from the start of the process to the middle of an epoch. */
test.each([
  ['SIGTERM', slowShare(70)],
  ['SIGINT', slowShare(60)],
  ['SIGKILL', slowShare(70)],
] as const)('%s, %i times: the streamer exits, and the next one starts', async (name, times) => {
  const random = new Xoshiro128(times, name.length);
  const dir = temp.file(name);
  mkdirSync(dir);
  for (let i = 0; i < times; i++) {
    await interrupted(data, dir, name, random.below(1000));
    if (name === 'SIGKILL' || i % 10 === 0) await takenOver(data, dir, WHOLE);
  }
});
