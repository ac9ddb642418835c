import { EventLoopTurns } from '../../bytes/event-loop-turns.ts';
import type { StoredFile } from '../../storage/storage.ts';

/** A part of a file, in bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a range of a local file on this thread, in chunks in the memory that `nextBuffer` returns.
 * Counts the bytes in `stored`.
 */
export async function* rangeChunks(
  file: StoredFile,
  { start, end }: ByteRange,
  nextBuffer: () => Uint8Array,
  stored: { bytes: number },
  signal: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const turns = new EventLoopTurns(signal);
  for (let at = start; at < end; ) {
    const buffer = nextBuffer();
    // Chunks end where those of a scan of the whole file end, because a finding may show the bytes
    // up to the end of its chunk.
    const length = Math.min(buffer.length - (at % buffer.length), end - at);
    file.readNow(buffer, 0, length, at);
    at += length;
    stored.bytes += length;
    yield length === buffer.length ? buffer : buffer.subarray(0, length);
    if (turns.due()) await turns.take();
  }
}
