import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { PipeModeStreamer, type StreamEvent, TrainingProgram } from '../../../src/pipemode/streamer/index.ts';
import { WATCH_TIMES } from '../../../src/pipemode/streamer/reader-watch.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { eventLog } from './stream-place.ts';

const temp = tempDir();
const data = temp.file('data', Buffer.alloc(200_000, 'x'));
const CHANNELS = [{ name: 'train', uri: data }];
const { ...times } = WATCH_TIMES;
let places = 0;
let reader: ChildProcess | undefined;

beforeAll(() => {
  Object.assign(WATCH_TIMES, { checkMs: 20, stalledMs: 100, idleMs: 300 });
});
afterAll(() => {
  Object.assign(WATCH_TIMES, times);
});
afterEach(() => {
  reader?.kill('SIGKILL');
  reader = undefined;
});

/** Serves two epochs to a shell script. @returns its events */
async function watched<R>(
  script: string,
  work: (events: StreamEvent[], streamer: PipeModeStreamer, pipeDir: string) => Promise<R>,
): Promise<R> {
  const pipeDir = temp.file(`place-${places++}`);
  mkdirSync(pipeDir);
  const { events, onEvent } = eventLog();
  await using streamer = new PipeModeStreamer({ channels: CHANNELS, pipeDir, epochs: 2, onEvent });
  streamer.run().catch(() => {});
  await streamer.ready;
  reader = spawn('sh', ['-c', script, join(pipeDir, 'train')], { stdio: 'ignore' });
  return await work(events, streamer, pipeDir);
}

function codes(events: readonly StreamEvent[]): string[] {
  return events.flatMap((event) => (event.event === 'warning' ? [event.code] : []));
}

function messageOf(events: readonly StreamEvent[], code: string): string {
  const found = events.find((event) => event.event === 'warning' && event.code === code);
  return found?.event === 'warning' ? found.message : '';
}

/** Like Keras's `model.fit(dataset)` without steps_per_epoch, which creates two iterators. */
test('a program that opens the next epoch while one is unread causes a warning with the reason', async () => {
  await watched('exec 3< "$0_0"; head -c 10 <&3; exec 4< "$0_1"; cat <&4', async (events) => {
    // On a busy machine, the program opens its first pipe late.
    const found = () => codes(events).filter((code) => code !== 'unopened-channel');
    await expect.poll(() => found().toSorted()).toEqual(['idle-reader', 'unread-epoch']);
    expect(messageOf(events, 'unread-epoch')).toMatch(
      /epoch 1 was opened while epoch 0 is unread; .* read \d+ bytes of epoch 0 .* steps_per_epoch/,
    );
    await sleep(400);
    expect(found()).toHaveLength(2);
  });
});

test('a program that starts with a later epoch causes a warning', async () => {
  await watched('cat "$0_1"', async (events) => {
    await expect.poll(() => codes(events)).toContain('unread-epoch');
    expect(messageOf(events, 'unread-epoch')).toMatch(
      /no process has opened the pipe of epoch 0.*firstEpoch: 1/,
    );
  });
});

test('a channel that no process opens causes one warning', async () => {
  await watched('sleep 60', async (events) => {
    await expect.poll(() => codes(events)).toEqual(['unopened-channel']);
    await sleep(400);
    expect(codes(events)).toEqual(['unopened-channel']);
  });
});

test('an idle reader causes a warning, and a reader that waits for the source does not', async () => {
  await watched('exec 3< "$0_0"; sleep 60', async (events) => {
    await expect.poll(() => codes(events)).toContain('idle-reader');
  });
});

test('a supervised program that opens one epoch too many causes a warning, and the pipe is removed when it ends', async () => {
  await watched('', async (events, streamer, pipeDir) => {
    const script = 'cat "$0_0" "$0_1" "$0_2" >/dev/null; echo > "$0.complete"';
    const words = ['sh', '-c', script, join(pipeDir, 'train')];
    const program = new TrainingProgram(words, {}, { graceMs: 1000 });
    streamer.supervise(program);
    await expect.poll(() => codes(events)).toContain('no-more-epochs');
    expect(messageOf(events, 'no-more-epochs')).toMatch(
      /train_2, but the channel ends after 2 epochs.*epochs: 3/,
    );
    await program.stop();
    await streamer.run();
    expect(readdirSync(pipeDir)).toEqual(['train.status.json']);
  });
});

test('processes that outlive a program do not receive an empty epoch', async () => {
  await watched('', async (_, streamer, pipeDir) => {
    const script = 'cat "$0_0" "$0_1" >/dev/null; (cat "$0_2" >/dev/null; echo > "$0.complete") & sleep 0.3';
    const program = new TrainingProgram(['sh', '-c', script, join(pipeDir, 'train')], {}, { graceMs: 1000 });
    streamer.supervise(program);
    expect(await program.ended).toBe(0);
    await streamer.run();
    expect(readdirSync(pipeDir)).toEqual(['train.status.json']);
  });
});
