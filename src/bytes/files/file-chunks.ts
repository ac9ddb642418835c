import type { ChunkReading } from '../sources.ts';
import { blockingChunks } from './blocking-chunks.ts';
import { READS_AHEAD } from './file-buffers.ts';
import { fileError, shrunk } from './file-errors.ts';
import { closeFile, type OpenFile } from './open-file.ts';

type FileSystem = typeof import('node:fs');

interface Read {
  readonly wanted: number;
  readonly done: Promise<Uint8Array>;
}

/**
 * The bytes of an open file in chunks, by default read ahead: the next reads run while a chunk is being used. To be iterated once; ending
 * the iteration closes the file, also before the first chunk.
 */
export function fileChunks(fs: FileSystem, file: OpenFile, reading: ChunkReading): AsyncIterable<Uint8Array> {
  const ending = { early: false };
  const { chunkBytes, nextBuffer = () => freshBuffer(chunkBytes) } = reading;
  const chunks =
    reading.blocking && file.start !== null
      ? blockingChunks(fs, file, nextBuffer)
      : readAhead(fs, file, chunkBytes, nextBuffer, ending);
  let started = false;
  const iterator: AsyncIterator<Uint8Array> = {
    next() {
      started = true;
      return chunks.next();
    },
    return() {
      // A generator that was never started runs no `finally`.
      if (!started && !ending.early) closeFile(fs, file);
      ending.early = true;
      return chunks.return(undefined);
    },
  };
  return { [Symbol.asyncIterator]: () => iterator };
}

async function* readAhead(
  fs: FileSystem,
  file: OpenFile,
  chunkBytes: number,
  nextBuffer: () => Uint8Array,
  ending: { readonly early: boolean },
): AsyncGenerator<Uint8Array> {
  const ahead: Read[] = [];
  const depth = file.start === null ? 1 : READS_AHEAD;
  let started = file.start;
  let taken = file.start;
  const start = (): void => {
    const done = read(fs, file, nextBuffer(), started, ending);
    done.catch(() => {}); // a failure is thrown where it is awaited
    ahead.push({ wanted: chunkBytes, done });
    if (started !== null) started += chunkBytes;
  };
  try {
    for (;;) {
      while (ahead.length < depth) start();
      const { wanted, done } = ahead[0];
      const chunk = await done;
      ahead.shift();
      if (chunk.length === 0) {
        if (taken !== null && taken < file.size) throw shrunk(file.size, taken);
        return;
      }
      if (taken !== null) taken += chunk.length;
      if (chunk.length < wanted && started !== null) {
        // A short read: those behind it began at the wrong place.
        await Promise.allSettled(ahead.splice(0).map((other) => other.done));
        started = taken;
      }
      while (ahead.length < depth) start();
      yield chunk;
    }
  } finally {
    if (file.own) {
      await Promise.allSettled(ahead.map(({ done }) => done));
      closeFile(fs, file);
    }
  }
}

function freshBuffer(bytes: number): Uint8Array {
  const { buffer } = Buffer.allocUnsafeSlow(bytes);
  return new Uint8Array(buffer, 0, bytes);
}

function read(
  fs: FileSystem,
  file: OpenFile,
  target: Uint8Array,
  position: number | null,
  ending: { readonly early: boolean },
): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    fs.read(file.descriptor, target, 0, target.length, position, (error, count) => {
      if (error === null) resolve(count === target.length ? target : target.subarray(0, count));
      else if (error.code === 'EOF' || ending.early) resolve(target.subarray(0, 0));
      else if (error.code === 'EAGAIN')
        setTimeout(() => resolve(read(fs, file, target, position, ending)), 5);
      else reject(fileError(error, file.uri));
    });
  });
}
