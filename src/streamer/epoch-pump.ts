import type { FifoWriter } from './fifo/fifo-writer.ts';

/** Counted while an epoch is pumped. */
export interface PumpClock {
  sourceWaitMs: number;
}

/**
 * Writes chunks into a pipe until they end or its reader leaves.
 * @param clock counts how long chunks were waited for
 * @returns whether everything was written
 * @throws what `chunks` throws, unless the reader has left
 */
export async function pump(
  chunks: AsyncIterator<Uint8Array>,
  writer: FifoWriter,
  clock: PumpClock,
): Promise<boolean> {
  for (;;) {
    const asked = performance.now();
    const { done, value } = await chunks.next();
    clock.sourceWaitMs += performance.now() - asked;
    if (writer.readerGone) return false;
    if (done) return true;
    const room = writer.write(value);
    if (room !== undefined) await room;
    if (writer.readerGone) return false;
  }
}
