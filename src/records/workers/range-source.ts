import { EventLoopTurns } from '../../bytes/event-loop-turns.ts';
import type { RecordSource } from '../../formats/record-format.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import { isRemote } from '../../storage/registry.ts';
import type { ObjectRef, StoredFile } from '../../storage/storage.ts';
import { openStoredFile } from '../../storage/stored-file.ts';
import { type ReadAt, readAtOf } from '../find-boundary.ts';
import { type HopSource, partOf } from '../hop-headers.ts';

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

/** Controls of reading a range. */
export interface RangeWatch {
  readonly signal?: AbortSignal | undefined;
  /** Called for each retried request. */
  readonly onRetry?: (() => void) | undefined;
}

/**
 * Opens a file or object, which must have the given size and ETag, if they are known.
 * @throws RecordpipeError the errors of opening it
 */
export async function openRange(
  object: ObjectRef,
  objects: Partial<ObjectOptions> | undefined,
  watch: RangeWatch,
): Promise<RangeSource> {
  if (isRemote(object.uri)) return openRemote(object, objects, watch);
  const file = await openStoredFile(object.uri);
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
  object: ObjectRef,
  objects: Partial<ObjectOptions> | undefined,
  { signal, onRetry }: RangeWatch,
): Promise<RangeSource> {
  // Imported lazily to reduce startup time.
  const { openObjectReader } = await import('../../storage/object-reader.ts');
  const { openObjectPart } = await import('../../storage/read-objects.ts');
  const onEvent = ({ type }: { readonly type: string }): void => {
    if (type === 'retry') onRetry?.();
  };
  const access = { ...objects, signal, onEvent };
  const reader = await openObjectReader(object, access);
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
