import { readdir, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { abortError, checkAborted } from '../../bytes/abortable.ts';
import { isRecordpipeError, RecordpipeError } from '../../errors.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import { pipePath } from '../job/channel-files.ts';
import type { ChannelIndex } from './channel-index.ts';
import { EpochSource } from './epoch-source.ts';

/** An epoch that belongs to this reader: nobody else will read its pipe. */
export interface TakenEpoch {
  readonly epoch: number;
  readonly source: EpochSource;
}

/** Where the pipes of a channel appear. */
export interface PipePlace {
  readonly channel: string;
  readonly pipeDir: string;
  readonly openTimeoutMs: number;
}

const FIRST_PAUSE_MS = 50;
const MAX_PAUSE_MS = 1000;
/** Maximum number of files that the error for a missing pipe names. */
const MAX_NAMES = 10;

/**
 * Opens the pipe of the next epoch and increments the index, both under the channel's lock: an epoch
 * is not lost if its pipe never appears, and two readers never get the same pipe. Waits for a missing
 * pipe without the lock; if somebody else takes it, the next one follows.
 * @throws RecordpipeError `pipe-timeout`, `malformed-state`, `aborted`, and those of opening
 */
export async function takeNextEpoch(
  index: ChannelIndex,
  place: PipePlace,
  signal: AbortSignal | undefined,
): Promise<TakenEpoch> {
  for (;;) {
    const { epoch, source } = await openUnderLock(index, place, signal);
    if (source !== undefined) return { epoch, source };
    const taken = (): boolean => index.isBeyond(epoch);
    await waitForPipe(pathOf(place, epoch), place.openTimeoutMs, signal, taken);
  }
}

/** Increments the index without opening a pipe. @returns the epoch */
export async function reserveEpoch(index: ChannelIndex, signal: AbortSignal | undefined): Promise<number> {
  let epoch = 0;
  await index.update(signal, async (next) => {
    epoch = next;
    return next + 1;
  });
  return epoch;
}

/** Waits for the pipe of a reserved epoch, and opens it. */
export async function openReserved(
  epoch: number,
  place: PipePlace,
  signal: AbortSignal | undefined,
): Promise<TakenEpoch> {
  const path = pathOf(place, epoch);
  await waitForPipe(path, place.openTimeoutMs, signal);
  return { epoch, source: new EpochSource(path) };
}

/** Opens the pipe of an earlier epoch again. The index becomes greater than `epoch`. */
export async function reopenEpoch(
  index: ChannelIndex,
  epoch: number,
  place: PipePlace,
  signal: AbortSignal | undefined,
): Promise<TakenEpoch> {
  for (;;) {
    await waitForPipe(pathOf(place, epoch), place.openTimeoutMs, signal);
    const { source } = await openUnderLock(index, place, signal, epoch);
    if (source !== undefined) return { epoch, source };
  }
}

/** Resets the index to an epoch that never had a writer, unless somebody took a later one. */
export async function giveBack(index: ChannelIndex, epoch: number, signal: AbortSignal): Promise<void> {
  await index.update(signal, async (next) => (next === epoch + 1 ? epoch : undefined));
}

/**
 * Waits until `path` exists. Checks at once, then after 50 ms, doubling up to 1 s, and a last time at
 * the end.
 * @param isEnough called at each check: ends the wait
 * @throws RecordpipeError `pipe-timeout`, `aborted`, `access-denied`, `io-failure`
 */
export async function waitForPipe(
  path: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  isEnough: () => boolean = () => false,
): Promise<void> {
  const began = performance.now();
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, MAX_PAUSE_MS)) {
    checkAborted(signal);
    if ((await exists(path)) || isEnough()) return;
    const waited = performance.now() - began;
    if (waited >= timeoutMs) {
      const what = `the pipe did not appear within ${Math.round(waited)} ms; ${await namesBeside(path)}`;
      throw new RecordpipeError('pipe-timeout', what, { uri: path });
    }
    await sleep(Math.min(pause, timeoutMs - waited), undefined, { ...(signal && { signal }) }).catch(() => {
      throw abortError(signal as AbortSignal);
    });
  }
}

function pathOf({ pipeDir, channel }: PipePlace, epoch: number): string {
  return pipePath(pipeDir, channel, epoch);
}

/**
 * Opens the pipe of an epoch and increments the index; without a source if the pipe does not exist.
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
    await index.update(signal, async (next) => {
      epoch = wanted ?? next;
      source = openIfExists(pathOf(place, epoch));
      return source !== undefined && next <= epoch ? epoch + 1 : undefined;
    });
  } catch (error) {
    source?.close();
    throw error;
  }
  return { epoch, source };
}

function openIfExists(path: string): EpochSource | undefined {
  try {
    return new EpochSource(path);
  } catch (error) {
    if (isRecordpipeError(error, 'not-found')) return undefined;
    throw error;
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

/** The files beside a missing pipe: other epochs of its channel, otherwise any. */
async function namesBeside(path: string): Promise<string> {
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
  const shown = epochs.length > 0 ? epochs : names;
  const more = shown.length > MAX_NAMES ? ` and ${shown.length - MAX_NAMES} more` : '';
  const list = `${shown.slice(0, MAX_NAMES).join(', ')}${more}`;
  return epochs.length > 0
    ? `there are ${list}; does the state file have the right index?`
    : `the folder has no pipe of this channel, but ${list}`;
}
