import { once } from 'node:events';
import { closeSync, constants, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { Random } from '../../support/random.ts';
import { randomRuns } from '../../support/random-runs.ts';
import { type ChannelPlace, channelPlace, ended, makePipes, start } from './channel-place.ts';
import { program } from './programs.ts';

const EPOCHS = randomRuns(200);
const RECORDS = 40;
/** A reader is killed at least once in this number of epochs. */
const EPOCHS_PER_KILL = 5;

function lines(epoch: number): string[] {
  return Array.from({ length: RECORDS }, (_, i) => `epoch ${epoch} record ${i}`);
}

/**
 * Serves each epoch until a reader has read all of it. A killed reader is replaced by another one.
 * An epoch waits for its share of kills, because a fast reader would otherwise finish before any.
 */
async function serve(place: ChannelPlace, isDone: () => boolean, kills: () => number): Promise<void> {
  for (let epoch = 0; epoch < EPOCHS; epoch++) {
    while (kills() < Math.floor(epoch / EPOCHS_PER_KILL)) await pause(1);
    while (!isDone() && !finished(place, epoch)) await offer(place, epoch);
  }
}

/** The pipe, open for writing; undefined while no process reads it. */
function openForWriting(path: string): number | undefined {
  try {
    return openSync(path, constants.O_WRONLY | constants.O_NONBLOCK);
  } catch {
    return undefined;
  }
}

async function offer(place: ChannelPlace, epoch: number): Promise<void> {
  const pipe = openForWriting(place.pipe(epoch));
  if (pipe === undefined) return pause(1);
  try {
    for (const line of lines(epoch)) {
      writeSync(pipe, `${line}\n`);
      if (line.endsWith('3')) await pause(0);
    }
  } catch {
    // EPIPE: the reader is gone
  } finally {
    closeSync(pipe);
  }
  // The reader must have ended before the epoch is served again.
  for (let again: number | undefined = pipe; again !== undefined; ) {
    await pause(1);
    again = openForWriting(place.pipe(epoch));
    if (again !== undefined) closeSync(again);
  }
}

function finished(place: ChannelPlace, epoch: number): boolean {
  const notes = `${place.root}/notes.json`;
  if (!existsSync(notes)) return false;
  const { read, state } = JSON.parse(readFileSync(notes, 'utf8')) as {
    read: string[][];
    state: object | null;
  };
  return read.length > epoch + 1 || (read.length === epoch + 1 && state === null);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

test(`${EPOCHS} epochs, readers killed at any moment: no record is lost or repeated`, {
  timeout: 120_000,
}, async () => {
  const place = channelPlace();
  makePipes(...Array.from({ length: EPOCHS }, (_, epoch) => place.pipe(epoch)));
  const random = new Random(7);
  let done = false;
  let restarts = 0;
  const serving = serve(
    place,
    () => done,
    () => restarts,
  );
  while (!done) {
    const reader = start(process.execPath, program('restarting-reader.mjs'), place.root, String(EPOCHS));
    const said = text(reader.stdout!);
    // Some are killed before they start, most in the middle of an epoch.
    const begun =
      restarts % 5 === 0
        ? pause(random.below(200))
        : Promise.race([once(reader.stdout!, 'data'), ended(reader)]);
    const kill = begun.then(() => pause(random.below(400))).then(() => reader.kill('SIGKILL'));
    await Promise.all([ended(reader), kill]);
    done = (await said).endsWith('done\n');
    restarts++;
  }
  await serving;
  const { read } = JSON.parse(readFileSync(`${place.root}/notes.json`, 'utf8')) as { read: string[][] };
  expect(read).toEqual(Array.from({ length: EPOCHS }, (_, epoch) => lines(epoch)));
  expect(place.state()).toBe(String(EPOCHS));
});
