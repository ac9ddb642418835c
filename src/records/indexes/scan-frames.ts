import { checkAborted } from '../../bytes/abortable.ts';
import { EventLoopTurns } from '../../bytes/event-loop-turns.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import type { FormatName } from '../../formats/names/index.ts';
import { type AnyOptions, recordFormat } from '../../formats/registry.ts';
import type { StoredFile } from '../../storage/storage.ts';
import { type HopWatch, hopHeaders } from '../hop-headers.ts';
import { frameFinder } from './frame-finder.ts';
import { type FrameTable, FrameTableBuilder } from './frame-table.ts';
import { type FrameScanOptions, type RecordLayout, readOptions } from './layout-options.ts';

/**
 * Finds the frames of a file in one pass on the calling thread. It yields to the event loop every
 * 20 ms. With several jobs, worker threads find those of a large file.
 * @throws RecordpipeError errors in the data; `source-changed` if it changes during the scan;
 *   `aborted`
 */
export async function scanFrames(
  file: StoredFile,
  layout: RecordLayout,
  given: Partial<FrameScanOptions>,
  jobs = 1,
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
  const watch: HopWatch = { signal, onProgress };
  const { format } = layout;
  const table =
    (checksum === 'length' ? await framesByHeaders(file, format, options, watch, jobs) : undefined) ??
    (await framesByScan(file, format, options, watch));
  onProgress?.(file.size);
  checkAborted(signal);
  if (file.unchanged && table.end === file.size) return table;
  throw new RecordpipeError('source-changed', 'the file changed while it was being indexed; try again', {
    uri: file.path,
  });
}

/** Finds frames without verifying payloads. Returns undefined if the contents require a scan. */
async function framesByHeaders(
  file: StoredFile,
  format: FormatName,
  options: AnyOptions,
  watch: HopWatch,
  jobs: number,
): Promise<FrameTable | undefined> {
  if (jobs > 1) {
    const { framesByRanges } = await import('./frames-by-ranges.ts');
    const table = await framesByRanges(file, format, options, jobs, watch);
    if (table !== undefined) return table;
  }
  return framesByHops(file, format, options, watch);
}

/**
 * Finds frames by their headers. Returns undefined if the format has no headers, or if the contents
 * require a scan.
 */
async function framesByHops(
  file: StoredFile,
  format: FormatName,
  options: AnyOptions,
  watch: HopWatch,
): Promise<FrameTable | undefined> {
  const builder = new FrameTableBuilder();
  const hop = await recordFormat(format).headerHop?.(options, builder);
  if (hop === undefined) return undefined;
  return (await hopHeaders(file, hop, watch)) ? builder.finish(file.size) : undefined;
}

/** Finds frames by scanning all bytes. */
async function framesByScan(
  file: StoredFile,
  format: FormatName,
  options: AnyOptions,
  { signal, onProgress }: HopWatch,
): Promise<FrameTable> {
  const turns = new EventLoopTurns(signal);
  const turn = async (bytesDone: number): Promise<void> => {
    onProgress?.(bytesDone);
    await turns.take();
  };
  const builder = new FrameTableBuilder();
  const finder = await frameFinder(format, options, file.path, file.size, builder);
  let position = 0;
  for await (const chunk of file.remote === undefined ? [] : file.stream(signal)) {
    finder.push(chunk);
    position += chunk.length;
    if (turns.due()) await turn(position);
  }
  for (let at = position; at < file.size; ) {
    const buffer = finder.nextBuffer();
    const have = Math.min(buffer.length, file.size - at);
    file.readNow(buffer, 0, have, at);
    finder.push(have === buffer.length ? buffer : buffer.subarray(0, have));
    at += have;
    if (turns.due()) await turn(at);
  }
  finder.end();
  return builder.finish(file.size);
}
