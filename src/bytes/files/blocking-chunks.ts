import { EventLoopTurns } from '../event-loop-turns.ts';
import { fileError, shrunk } from './file-errors.ts';
import { closeFile, type OpenFile } from './open-file.ts';

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
  const turns = new EventLoopTurns();
  try {
    for (;;) {
      const chunk = readNow(fs, file, nextBuffer(), position);
      if (chunk.length === 0) {
        if (position < file.size) throw shrunk(file.size, position);
        return;
      }
      position += chunk.length;
      yield chunk;
      if (turns.due()) await turns.take();
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
