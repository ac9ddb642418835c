import { EventLoopTurns } from '../../bytes/event-loop-turns.ts';
import type { ReadAt } from '../../records/find-boundary.ts';
import type { ObjectReader } from '../../storage/object-reader.ts';
import { isRemote } from '../../storage/registry.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { openStoredFile } from '../../storage/stored-file.ts';
import type { FileTask, Watch } from '../file-checker.ts';
import type { FileInput } from '../file-input.ts';

/** Number of bytes per read of an object. */
const STEP_BYTES = 4 * 1024 * 1024;
/** Number of concurrent reads of an object. */
const STEPS_AHEAD = 4;

/** A part of a file, in bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** Reads ranges of an open file or object. */
export interface RangeReader {
  readonly size: number;
  /** The open file, if it is local. */
  readonly local: StoredFile | undefined;
  readonly readAt: ReadAt;
  /**
   * Returns the bytes of a range in chunks, and counts them in `stored`. Those of a local file are
   * in the memory that `nextBuffer` returns.
   */
  chunks(
    range: ByteRange,
    nextBuffer: (() => Uint8Array) | undefined,
    stored: { bytes: number },
  ): AsyncIterable<Uint8Array>;
  close(): Promise<void>;
}

export async function openRanges(input: FileInput, task: FileTask, watch: Watch): Promise<RangeReader> {
  if (!isRemote(input.path)) return localRanges(await openStoredFile(input.path), watch);
  const { path: uri, size, etag } = input;
  const { signal, onRetry } = watch;
  const onEvent = ({ type }: { readonly type: string }): void => {
    if (type === 'retry') onRetry?.();
  };
  const { openObjectReader } = await import('../../storage/object-reader.ts');
  return remoteRanges(
    await openObjectReader({ uri, size, etag }, { ...task.reading.objects, signal, onEvent }),
  );
}

function localRanges(file: StoredFile, { signal }: Watch): RangeReader {
  return {
    size: file.size,
    local: file,
    readAt(position, length) {
      const bytes = new Uint8Array(length);
      file.readNow(bytes, 0, length, position);
      return bytes;
    },
    chunks: (range, nextBuffer, stored) => localChunks(file, range, nextBuffer!, stored, signal),
    close: () => file.close(),
  };
}

async function* localChunks(
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

function remoteRanges(reader: ObjectReader): RangeReader {
  return {
    size: reader.size,
    local: undefined,
    readAt: (position, length) => reader.read(position, position + length),
    chunks: (range, _nextBuffer, stored) => remoteChunks(reader, range, stored),
    close: () => reader.close(),
  };
}

async function* remoteChunks(
  reader: ObjectReader,
  { start, end }: ByteRange,
  stored: { bytes: number },
): AsyncGenerator<Uint8Array, void, undefined> {
  const ahead: Promise<Uint8Array>[] = [];
  let at = start;
  try {
    while (at < end || ahead.length > 0) {
      for (; at < end && ahead.length < STEPS_AHEAD; at += STEP_BYTES) {
        const next = reader.read(at, Math.min(at + STEP_BYTES, end));
        next.catch(() => {}); // The consumer of the promise handles a rejection.
        ahead.push(next);
      }
      const chunk = await ahead.shift()!;
      stored.bytes += chunk.length;
      yield chunk;
    }
  } finally {
    await Promise.allSettled(ahead);
  }
}
