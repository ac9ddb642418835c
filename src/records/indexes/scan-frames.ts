import { checkAborted } from '../../bytes/abortable.ts';
import { EventLoopTurns } from '../../bytes/event-loop-turns.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import type { FormatName } from '../../formats/record-format.ts';
import type { StoredFile } from '../../storage/storage.ts';
import type { RecordReadOptions } from '../record-read-options.ts';
import { type FrameTable, FrameTableBuilder } from './frame-table.ts';
import { framesByHops } from './header-hops.ts';
import { type LayoutOptions, type RecordLayout, readOptions } from './layout-options.ts';

/** How the data is looked at while its frames are found. Every field has a default; pass what differs. */
export interface FrameScanOptions extends LayoutOptions {
  /** Default `length`: headers are verified. `full`: the payloads' checksums as well, where the format has them. */
  readonly checksum: 'length' | 'full';
  /** Largest payload in bytes. Default 2^31 - 1, at most 2^32 - 64. */
  readonly maxRecordBytes: number;
  /** Told now and then how many bytes have been looked at. */
  readonly onProgress: ((bytes: number) => void) | undefined;
  /** Ends the work with an `aborted` error. */
  readonly signal: AbortSignal | undefined;
}

/** Small enough to be still in this core's cache when it is cut. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Finds the frames of a file in one pass, on this thread; others get their turns every 20 ms.
 * @throws RecordpipeError what is wrong with the data, `source-changed` when it changes meanwhile, `aborted`
 */
export async function scanFrames(
  file: StoredFile,
  layout: RecordLayout,
  given: Partial<FrameScanOptions>,
): Promise<FrameTable> {
  const { checksum = 'length', maxRecordBytes, onProgress, signal } = given;
  if (checksum !== 'length' && checksum !== 'full')
    throw new UsageError(`checksum: expected one of length, full, got ${String(checksum)}`);
  const options = readOptions(
    layout.format,
    { ...given, ...layout },
    {
      checksum,
      ...(maxRecordBytes !== undefined && { maxRecordBytes }),
      reuse: true,
      uri: file.path,
    },
  );
  checkAborted(signal);
  const walk: Walk = { turns: new EventLoopTurns(signal), onProgress };
  const hops =
    checksum === 'length' ? await framesByHops(file, layout, options.maxRecordBytes, walk) : undefined;
  const { format } = layout;
  const finder = (): Promise<FrameFinder> =>
    format === 'textline' ? lineFinder(file, options) : decodingFinder(file, format, options);
  const table = hops ?? (await framesByScan(file, await finder(), walk, signal));
  onProgress?.(file.size);
  checkAborted(signal);
  if (file.unchanged && table.end === file.size) return table;
  throw new RecordpipeError('source-changed', 'the file changed while it was being indexed; try again', {
    uri: file.path,
  });
}

/** A walk over a file on this thread. */
export interface Walk {
  readonly turns: EventLoopTurns;
  readonly onProgress: ((bytes: number) => void) | undefined;
}

/** Reports progress and gives the event loop a turn. @throws RecordpipeError `aborted` */
export async function turn({ turns, onProgress }: Walk, bytesDone: number): Promise<void> {
  onProgress?.(bytesDone);
  await turns.take();
}

/** Takes the bytes of a file, chunk by chunk, and finds its frames. */
interface FrameFinder {
  nextBuffer(): Uint8Array;
  push(chunk: Uint8Array): void;
  finish(end: number): FrameTable;
}

async function framesByScan(
  file: StoredFile,
  finder: FrameFinder,
  walk: Walk,
  signal: AbortSignal | undefined,
): Promise<FrameTable> {
  let position = 0;
  for await (const chunk of file.remote === undefined ? [] : file.stream(signal)) {
    finder.push(chunk);
    position += chunk.length;
    if (walk.turns.due()) await turn(walk, position);
  }
  for (let at = position; at < file.size; ) {
    const buffer = finder.nextBuffer();
    const have = Math.min(buffer.length, file.size - at);
    file.readNow(buffer, 0, have, at);
    finder.push(have === buffer.length ? buffer : buffer.subarray(0, have));
    at += have;
    if (walk.turns.due()) await turn(walk, at);
  }
  return finder.finish(file.size);
}

/** Lines are not held: a line may be longer than memory. */
async function lineFinder(file: StoredFile, options: RecordReadOptions): Promise<FrameFinder> {
  const [{ ownLineScanning }, { lineCutting }, { LineWalk }] = await Promise.all([
    import('../../formats/textline/scanner.ts'),
    import('../../formats/textline/options.ts'),
    import('./line-walk.ts'),
  ]);
  const { scanner, nextBuffer } = ownLineScanning(CHUNK_BYTES, 2);
  const builder = new FrameTableBuilder();
  const walk = new LineWalk(scanner(lineCutting(options)), builder, file.path);
  return {
    nextBuffer,
    push: (chunk) => walk.push(chunk),
    finish: (end) => {
      walk.end();
      return builder.finish(end);
    },
  };
}

/** The decoder holds one record at a time. */
async function decodingFinder(
  file: StoredFile,
  format: FormatName,
  options: RecordReadOptions,
): Promise<FrameFinder> {
  const [{ recordFormat }, { newReadStats }] = await Promise.all([
    import('../../formats/registry.ts'),
    import('../../formats/corruption.ts'),
  ]);
  const { nextBuffer, decoder: decoderOf } = recordFormat(format).own(CHUNK_BYTES, 2);
  const decoder = decoderOf(options, { uri: file.path, size: () => file.size }, newReadStats());
  const builder = new FrameTableBuilder();
  const drain = (): void => {
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) builder.add(batch);
  };
  return {
    nextBuffer,
    push: (chunk) => {
      decoder.push(chunk);
      drain();
    },
    finish: (end) => {
      decoder.end();
      drain();
      return builder.finish(end);
    },
  };
}
