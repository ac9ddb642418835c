import { getEventListeners } from 'node:events';
import { writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { encodeRecordIO } from '../../../src/index.ts';
import { PipeModeDataset } from '../../../src/pipemode/index.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { openDescriptors } from '../../support/temp-dir.ts';
import { channelPlace, ended, makePipes, start } from './channel-place.ts';
import { program } from './programs.ts';

const body = Buffer.concat(Array.from({ length: 200 }, (_, i) => encodeRecordIO(new Uint8Array(i))));
const channels = Array.from({ length: 64 }, (_, i) => `channel-${i}`);
const SILENT = 4;

test('64 concurrent channels, four without a writer: no other channel waits', async () => {
  const place = channelPlace(...channels);
  makePipes(...channels.map((channel) => place.pipe(0, channel)));
  const file = `${place.root}/body`;
  writeFileSync(file, body);
  const stop = new AbortController();
  const readings = channels.map((channel) =>
    new PipeModeDataset(channel, place.dirs)
      .count({ signal: stop.signal })
      .catch((error: { code: string }) => error.code),
  );
  const script = 'for pipe; do cat "$0" > "$pipe" & done; wait';
  start('sh', '-c', script, file, ...channels.slice(SILENT).map((channel) => place.pipe(0, channel)));
  expect(await Promise.all(readings.slice(SILENT))).toEqual(channels.slice(SILENT).map(() => 200));
  // Node's threads are free: calls that need one return.
  for (let i = 0; i < 20; i++) await stat(file);
  stop.abort();
  expect(await Promise.all(readings.slice(0, SILENT))).toEqual(['aborted', 'aborted', 'aborted', 'aborted']);
  await expect.poll(() => openDescriptors(place.pipeDir)).toBe(0);
  const expected = channels.map((_, i) => (i < SILENT ? '0' : '1'));
  await expect.poll(() => channels.map((channel) => place.state(channel))).toEqual(expected);
});

test('a process that waits for pipes and writers ends at once on a signal', async () => {
  const place = channelPlace(...channels);
  makePipes(...channels.slice(0, 60).map((channel) => place.pipe(0, channel)));
  const child = start(process.execPath, program('wait-for-all.mjs'), place.root, ...channels);
  await new Promise((resolve) => child.stdout?.once('data', resolve));
  child.stdin?.write('abort\n');
  const said = await text(child.stdout!); // A thread that blocks on a pipe would never end.
  expect(await ended(child)).toBe(0);
  expect(said.trim()).toBe(`aborted ${channels.length}`);
});

test('aborted epochs leak nothing', async () => {
  const place = channelPlace();
  makePipes(place.pipe(0));
  const dataset = new PipeModeDataset('train', { ...place.dirs, lock: 'none' });
  const lasting = new AbortController();
  const own = new PipeModeDataset('train', { ...place.dirs, lock: 'none', signal: lasting.signal });
  const run = async (i: number): Promise<void> => {
    const stop = new AbortController();
    const reading = (i % 2 === 0 ? dataset : own).count({ signal: stop.signal });
    // At varying moments: while the index is read, the pipe is opened, or bytes are awaited.
    if (i % 3 > 0) await sleep(i % 3);
    stop.abort();
    await expect(reading).rejects.toMatchObject({ code: 'aborted' });
  };
  const before = resources();
  for (let i = 0; i < randomRuns(1000); i++) await run(i);
  for (let turn = 0; turn < 3000 && leftSince(before).length > 0; turn++) await sleep(10);
  await expect.poll(() => openDescriptors(place.root)).toBe(0);
  await expect.poll(() => getEventListeners(lasting.signal, 'abort').length).toBe(0);
  expect(leftSince(before)).toEqual([]);
  await expect.poll(() => place.state()).toBe('0');
});

/** The kinds of resources of which this process has more than before. */
function leftSince(before: Record<string, number>): string[] {
  return Object.entries(resources())
    .filter(([kind, count]) => count > (before[kind] ?? 0))
    .map(([kind]) => kind);
}

/** The resources that keep this process alive, by kind. */
function resources(): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo()) {
    if (/Pipe|Timeout|TTY|Immediate|Process/.test(kind)) counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}
