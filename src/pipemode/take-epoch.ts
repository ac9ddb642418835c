import { join } from 'node:path';
import { isRecordpipeError } from '../errors.ts';
import type { ChannelIndex } from './channel-index.ts';
import { EpochSource } from './epoch-source.ts';
import { waitForPipe } from './wait-for-pipe.ts';

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
