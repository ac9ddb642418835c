import { readdir, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, onAbort as listenForAbort } from '../../bytes/abortable.ts';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import type { ChannelIndex } from './channel-index.ts';
import { EpochSource } from './epoch-source.ts';

/** A signal that fires with the first of several. Not AbortSignal.any: what it leaves behind at a signal that lives long, no one takes away. */
export function joinSignals(signals: readonly (AbortSignal | undefined)[]): {
  readonly signal: AbortSignal;
  /** Forgets the signals. */
  release(): void;
} {
  const controller = new AbortController();
  const given = signals.filter((signal) => signal !== undefined);
  const onAbort = (): void => controller.abort(given.find(({ aborted }) => aborted)?.reason);
  for (const signal of given) listenForAbort(signal, onAbort);
  if (given.some(({ aborted }) => aborted)) onAbort();
  return {
    signal: controller.signal,
    release() {
      for (const signal of given) signal.removeEventListener('abort', onAbort);
    },
  };
}

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;
/** How many of the files beside a missing pipe its error names. */
const NEIGHBOURS = 10;

/**
 * Waits until there is something at `path`. Looks at once, then after 50 ms, after twice as long each time, at most a second, and a last time at the end.
 * @param enough asked each time: whether it is no longer to be waited for
 * @throws RecordpipeError `pipe-timeout`, `aborted`, `access-denied`, `io-failure`
 */
export async function waitForPipe(
  path: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  enough: () => boolean = () => false,
): Promise<void> {
  const began = performance.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
    if (signal?.aborted) throw abortError(signal);
    if ((await exists(path)) || enough()) return;
    const waited = performance.now() - began;
    if (waited >= timeoutMs) throw await notThere(path, waited);
    await pauseFor(Math.min(pause, timeoutMs - waited), signal);
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw fileError(error, path);
  }
}

async function pauseFor(ms: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(ms, undefined, signal === undefined ? {} : { signal });
  } catch {
    throw abortError(signal as AbortSignal);
  }
}

async function notThere(path: string, waitedMs: number): Promise<RecordpipeError> {
  const what = `the pipe did not appear within ${Math.round(waitedMs)} ms; ${await neighbours(path)}`;
  return new RecordpipeError('pipe-timeout', what, { uri: path });
}

/** What lies where the pipe should be: other epochs of its channel, or else anything. */
async function neighbours(path: string): Promise<string> {
  const folder = dirname(path);
  let names: string[];
  try {
    names = (await readdir(folder)).sort();
  } catch (error) {
    return `${folder} cannot be listed (${(error as NodeJS.ErrnoException).code}); is pipeDir right?`;
  }
  if (names.length === 0) return `${folder} is empty; is the agent running?`;
  const stem = basename(path).replace(/\d+$/, '');
  const epochs = names.filter((name) => name.startsWith(stem) && /^\d+$/.test(name.slice(stem.length)));
  const shown = (epochs.length > 0 ? epochs : names).slice(0, NEIGHBOURS);
  const more = (epochs.length > 0 ? epochs : names).length - shown.length;
  const list = `${shown.join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  return epochs.length > 0
    ? `there are ${list}; does the state file hold the right index?`
    : `no pipe of this channel is there, but ${list}`;
}

/** An epoch that is ours: nobody else will read its pipe. */
export interface TakenEpoch {
  readonly epoch: number;
  readonly source: EpochSource;
}

/** What taking an epoch needs to know of its channel. */
export interface PipePlace {
  readonly channel: string;
  readonly pipeDir: string;
  readonly openTimeoutMs: number;
}

/** The path of an epoch's pipe. The original makes an unsigned number of the index. */
export function pipePath({ pipeDir, channel }: PipePlace, epoch: number): string {
  return join(pipeDir, `${channel}_${epoch >>> 0}`);
}

/**
 * Opens the pipe of the next epoch and moves the index on, both under the channel's lock: nothing is lost when the pipe never appears, and two readers never
 * get one pipe. A pipe that is not there yet is waited for without the lock, and others may take it: then it is the turn of the one after.
 * @throws RecordpipeError `pipe-timeout`, `malformed-state`, `aborted`, and what opening throws
 */
export async function takeNextEpoch(
  index: ChannelIndex,
  place: PipePlace,
  signal: AbortSignal | undefined,
): Promise<TakenEpoch> {
  for (;;) {
    const { epoch, source } = await openUnderLock(index, place, signal);
    if (source !== undefined) return { epoch, source };
    await waitForPipe(pipePath(place, epoch), place.openTimeoutMs, signal, () => index.hasLeft(epoch));
  }
}

/** Moves the index on at once, whatever comes; the epoch. */
export async function reserveEpoch(index: ChannelIndex, signal: AbortSignal | undefined): Promise<number> {
  let epoch = 0;
  await index.update(signal, async (now) => {
    epoch = now;
    return now + 1;
  });
  return epoch;
}

/** Waits for the pipe of an epoch that was reserved, and opens it. */
export async function openReserved(
  epoch: number,
  place: PipePlace,
  signal: AbortSignal | undefined,
): Promise<TakenEpoch> {
  const path = pipePath(place, epoch);
  await waitForPipe(path, place.openTimeoutMs, signal);
  return { epoch, source: new EpochSource(path) };
}

/** Opens the pipe of an earlier epoch again. An index that has not come so far is moved behind it. */
export async function reopenEpoch(
  index: ChannelIndex,
  epoch: number,
  place: PipePlace,
  signal: AbortSignal | undefined,
): Promise<TakenEpoch> {
  const path = pipePath(place, epoch);
  for (;;) {
    await waitForPipe(path, place.openTimeoutMs, signal);
    const { source } = await openUnderLock(index, place, signal, epoch);
    if (source !== undefined) return { epoch, source };
  }
}

/** Puts the index back to an epoch that was taken but never had a writer, if nobody has taken another since. */
export async function giveBack(index: ChannelIndex, epoch: number, signal: AbortSignal): Promise<void> {
  await index.update(signal, async (now) => (now === epoch + 1 ? epoch : undefined));
}

/**
 * Opens the pipe of an epoch and moves the index behind it; without a source where there is no pipe.
 * @param wanted default: the next epoch
 */
async function openUnderLock(
  index: ChannelIndex,
  place: PipePlace,
  signal: AbortSignal | undefined,
  wanted?: number,
): Promise<{ epoch: number; source: EpochSource | undefined }> {
  let epoch = 0;
  let source: EpochSource | undefined;
  try {
    await index.update(signal, async (now) => {
      epoch = wanted ?? now;
      source = openIfThere(pipePath(place, epoch));
      return source !== undefined && now <= epoch ? epoch + 1 : undefined;
    });
  } catch (error) {
    source?.close();
    throw error;
  }
  return { epoch, source };
}

function openIfThere(path: string): EpochSource | undefined {
  try {
    return new EpochSource(path);
  } catch (error) {
    if (isRecordpipeError(error, 'not-found')) return undefined;
    throw error;
  }
}
