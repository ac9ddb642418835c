import { setImmediate as turn } from 'node:timers/promises';
import type { EpochBytes } from './channel-run.ts';
import type { FifoWriter } from './fifo/fifo-writer.ts';

/** Counted while an epoch is pumped. */
export interface PumpClock {
  sourceWaitMs: number;
}

/** After so many bytes, which take less than a millisecond, everything else has its turn, though nothing had to be waited for. */
const TURN_BYTES = 1024 * 1024;

/**
 * Writes chunks into a pipe until they end or its reader leaves.
 * @param clock counts how long chunks were waited for
 * @returns whether everything was written
 * @throws what `chunks` throws, unless the reader has left
 */
export async function pump(
  { chunks, reused }: Pick<EpochBytes, 'chunks' | 'reused'>,
  writer: FifoWriter,
  clock: PumpClock,
): Promise<boolean> {
  let sinceTurn = 0;
  for (;;) {
    const asked = performance.now();
    const { done, value } = await chunks.next();
    // While the reader still has bytes to take, it is the reader that is waited for.
    clock.sourceWaitMs += Math.max(0, performance.now() - Math.max(asked, writer.emptySince));
    if (writer.readerGone) return false;
    if (done) return true;
    const room = writer.write(value, reused);
    if (room !== undefined) await room;
    sinceTurn += value.length;
    if (sinceTurn >= TURN_BYTES) {
      sinceTurn = 0;
      await turn();
    }
    if (writer.readerGone) return false;
  }
}
