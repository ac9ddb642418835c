import { fileError, shrunk } from './file-errors.ts';
import { closeFile, type OpenFile } from './open-file.ts';

/** After so long the event loop gets a turn, so that signals, timers and aborts are served. */
const MS_PER_TURN = 20;

/**
 * The bytes of a regular file in chunks, each read on this thread when it is asked for. What was just read lies in this core's cache when it is
 * used, and no thread waits for another.
 */
export async function* blockingChunks(
  fs: typeof import('node:fs'),
  file: OpenFile,
  nextBuffer: () => Uint8Array,
): AsyncGenerator<Uint8Array> {
  let position = file.start ?? 0;
  let turnAt = performance.now() + MS_PER_TURN;
  try {
    for (;;) {
      const chunk = readNow(fs, file, nextBuffer(), position);
      if (chunk.length === 0) {
        if (position < file.size) throw shrunk(file.size, position);
        return;
      }
      position += chunk.length;
      yield chunk;
      if (performance.now() >= turnAt) {
        await new Promise((resolve) => setImmediate(resolve));
        turnAt = performance.now() + MS_PER_TURN;
      }
    }
  } finally {
    closeFile(fs, file);
  }
}

function readNow(
  fs: typeof import('node:fs'),
  file: OpenFile,
  target: Uint8Array,
  position: number,
): Uint8Array {
  try {
    const count = fs.readSync(file.descriptor, target, 0, target.length, position);
    return count === target.length ? target : target.subarray(0, count);
  } catch (error) {
    throw fileError(error, file.uri);
  }
}
