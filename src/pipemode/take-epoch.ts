import { join } from 'node:path';
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
 * Waits for the pipe of the next epoch, opens it and moves the index on, both under the channel's lock: nothing is lost when the pipe never appears, and two
 * readers never get one pipe. While it waits the lock is free, and others may take the epoch: then it waits for the one after.
 * @throws RecordpipeError `pipe-timeout`, `malformed-state`, `aborted`, and what opening throws
 */
export async function takeNextEpoch(
  index: ChannelIndex,
  place: PipePlace,
  signal: AbortSignal | undefined,
): Promise<TakenEpoch> {
  for (;;) {
    const epoch = await index.peek(signal);
    await waitForPipe(pipePath(place, epoch), place.openTimeoutMs, signal);
    const source = await openUnderLock(index, signal, (now) => now === epoch, place, epoch);
    if (source !== undefined) return { epoch, source };
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
  await waitForPipe(pipePath(place, epoch), place.openTimeoutMs, signal);
  const source = await openUnderLock(index, signal, () => true, place, epoch);
  return { epoch, source: source as EpochSource };
}

/** Puts the index back to an epoch that was taken but never had a writer, if nobody has taken another since. */
export async function giveBack(index: ChannelIndex, epoch: number, signal: AbortSignal): Promise<void> {
  await index.update(signal, async (now) => (now === epoch + 1 ? epoch : undefined));
}

async function openUnderLock(
  index: ChannelIndex,
  signal: AbortSignal | undefined,
  mayTake: (now: number) => boolean,
  place: PipePlace,
  epoch: number,
): Promise<EpochSource | undefined> {
  let source: EpochSource | undefined;
  try {
    await index.update(signal, async (now) => {
      if (!mayTake(now)) return undefined;
      source = new EpochSource(pipePath(place, epoch));
      return now <= epoch ? epoch + 1 : undefined;
    });
  } catch (error) {
    source?.close();
    throw error;
  }
  return source;
}
