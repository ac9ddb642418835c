import { EventLoopTurns } from '../../bytes/event-loop-turns.ts';
import type { RecordSource } from '../../formats/record-format.ts';
import { type ReadAt, readAtOf } from '../../records/find-boundary.ts';
import { type HopSource, partOf } from '../../records/hop-headers.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { isRemote } from '../../storage/registry.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { openStoredFile } from '../../storage/stored-file.ts';
import type { Watch } from '../file-checker.ts';
import type { FileInput } from '../file-input.ts';

/** A part of a file, in bytes. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/** An open file or object. One thread reads a range of it. */
export interface RangeSource {
  readonly size: number;
  readonly isLocal: boolean;
  readonly read: ReadAt;
  /** Returns a range as a source to hop through. */
  part(range: ByteRange): HopSource;
  /**
   * Returns the bytes of a range in chunks, and how many have been read so far. Those of a local
   * file are in the memory that `nextBuffer` returns.
   */
  open(range: ByteRange, nextBuffer: (() => Uint8Array) | undefined): Pick<RecordSource, 'chunks' | 'stored'>;
  close(): Promise<void>;
}

/**
 * Opens a file or object, which must have the size and ETag of the input, if they are known.
 * @throws RecordpipeError the errors of opening it
 */
export async function openRange(
  input: FileInput,
  objects: Partial<ObjectOptions> | undefined,
  watch: Watch,
): Promise<RangeSource> {
  if (isRemote(input.path)) return openRemote(input, objects, watch);
  const file = await openStoredFile(input.path);
  return {
    size: file.size,
    isLocal: true,
    read: readAtOf(file),
    part: ({ start, end }) => partOf(file, start, end),
    open: (range, nextBuffer) => {
      const stored = { bytes: 0 };
      return { stored, chunks: localChunks(file, range, nextBuffer!, stored, watch.signal) };
    },
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

async function openRemote(
  { path: uri, size, etag }: FileInput,
  objects: Partial<ObjectOptions> | undefined,
  { signal, onRetry }: Watch,
): Promise<RangeSource> {
  // Imported lazily to reduce startup time.
  const { openObjectReader } = await import('../../storage/object-reader.ts');
  const { openObjectPart } = await import('../../storage/read-objects.ts');
  const onEvent = ({ type }: { readonly type: string }): void => {
    if (type === 'retry') onRetry?.();
  };
  const access = { ...objects, signal, onEvent };
  const reader = await openObjectReader({ uri, size, etag }, access);
  return {
    size: reader.size,
    isLocal: false,
    read: (position, length) => reader.read(position, position + length),
    part: ({ start, end }) => ({
      size: end - start,
      remote: reader,
      readNow: () => {
        throw new Error('an object is read with requests');
      },
      read: (target, at, length, position) =>
        reader.readInto(target.subarray(at, at + length), start + position),
    }),
    open: (range) => {
      const { chunks, stats } = openObjectPart(reader, range, { ...access, reuse: true });
      return { chunks, stored: stats };
    },
    close: () => reader.close(),
  };
}
