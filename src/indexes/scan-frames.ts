import { checkAborted } from '../bytes/abortable.ts';
import { RecordpipeError, UsageError } from '../errors.ts';
import type { DataFile } from './data-file.ts';
import type { FrameTable } from './frame-table.ts';
import { FrameTableBuilder } from './frame-table-builder.ts';
import { framesByHops } from './header-hops.ts';
import { type LayoutOptions, readOptions } from './layout-options.ts';
import type { RecordLayout } from './record-layout.ts';
import { Turns } from './turns.ts';

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
  file: DataFile,
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
  const turns = new Turns(signal, onProgress);
  const hops =
    checksum === 'length' ? await framesByHops(file, layout, options.maxRecordBytes, turns) : undefined;
  const table = hops ?? (await framesByDecoder(file, layout, options, turns, signal));
  onProgress?.(file.size);
  checkAborted(signal);
  if (file.unchanged && table.end === file.size) return table;
  throw new RecordpipeError('source-changed', 'the file changed while it was being indexed; try again', {
    uri: file.path,
  });
}

async function framesByDecoder(
  file: DataFile,
  { format }: RecordLayout,
  options: ReturnType<typeof readOptions>,
  turns: Turns,
  signal: AbortSignal | undefined,
): Promise<FrameTable> {
  const [{ recordFormat }, { newReadStats }] = await Promise.all([
    import('../records/formats.ts'),
    import('../records/corruption.ts'),
  ]);
  const own = recordFormat(format).own(CHUNK_BYTES, 2);
  const decoder = own.decoder(options, { uri: file.path, size: () => file.size }, newReadStats());
  const builder = new FrameTableBuilder();
  const drain = (): void => {
    for (let batch = decoder.next(); batch !== null; batch = decoder.next()) builder.add(batch);
  };
  let position = 0;
  for await (const chunk of file.remote === undefined ? [] : file.stream(signal)) {
    decoder.push(chunk);
    drain();
    position += chunk.length;
    if (turns.due) await turns.take(position);
  }
  for (let at = position; at < file.size; ) {
    const buffer = own.nextBuffer();
    const have = Math.min(buffer.length, file.size - at);
    file.readNow(buffer, 0, have, at);
    decoder.push(have === buffer.length ? buffer : buffer.subarray(0, have));
    drain();
    at += have;
    if (turns.due) await turns.take(at);
  }
  decoder.end();
  drain();
  return builder.finish(file.size);
}
