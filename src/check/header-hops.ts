import { fstatSync, readSync } from 'node:fs';
import { EventLoopTurns } from '../bytes/event-loop-turns.ts';
import { certainFormat } from '../formats/format-name.ts';
import type { CheckedReading } from './files-options.ts';
import { tryFile } from './scan-file.ts';

/** Bytes read at a time while records are smaller than that. */
export const BLOCK_BYTES: number = 64 * 1024;
/** Bytes read at a time for a header alone: a page. */
export const HOP_BYTES: number = 4 * 1024;

/** What of a file's beginning tells its format. */
const HEAD_BYTES = 12;

/** A file counted without a doubt. */
export interface HopCount {
  readonly format: 'tfrecord' | 'recordio';
  readonly records: number;
  readonly bytes: number;
}

/** Knows the headers of one format. */
export interface Hopper {
  /** Records counted so far. */
  readonly records: number;
  /** Bytes of the last block that were walked. */
  readonly position: number;
  /** Bytes that the frame at `position` takes, from there on; 0 where its header is not whole. */
  readonly frame: number;
  /** The memory to walk in. */
  nextBuffer(): Uint8Array;
  /** Walks whole frames of `block[0, have)`; false at anything unusual. */
  walk(block: Uint8Array, have: number): boolean;
  /** Counts the frame at `position`, which is not read. */
  hop(): void;
  /** Whether the file may end here. */
  readonly mayEnd: boolean;
}

/**
 * Counts the records of an uncompressed regular TFRecord or RecordIO file by hopping from header to header: every header is verified,
 * payloads are not read where they are large. Undefined at anything unusual: the scan, which knows all cases, then says what it is.
 */
export async function hopCount(
  path: string,
  reading: Partial<CheckedReading>,
  watch: { signal?: AbortSignal | undefined; onProgress?: ((bytes: number) => void) | undefined },
): Promise<HopCount | undefined> {
  if (reading.compression === 'gzip' || reading.compression === 'zlib') return undefined;
  return tryFile(path, watch.signal, (file) => hop(file, reading, watch));
}

async function hop(
  file: number,
  reading: Partial<CheckedReading>,
  { signal, onProgress }: Parameters<typeof hopCount>[2],
): Promise<HopCount | undefined> {
  const stat = fstatSync(file);
  if (!stat.isFile()) return undefined;
  const format = formatOf(file, reading);
  if (format === undefined) return undefined;
  const hopper = await loadHopper(format, reading);
  const block = hopper.nextBuffer();
  let at = 0;
  let wanted = BLOCK_BYTES;
  const turns = new EventLoopTurns(signal);
  while (at < stat.size) {
    if (turns.due()) {
      await turns.take();
      onProgress?.(at);
    }
    const have = readSync(file, block, 0, wanted, at);
    const before = hopper.records;
    if (!hopper.walk(block, have)) return undefined;
    const { position, frame } = hopper;
    at += position;
    if (frame > BLOCK_BYTES) {
      hopper.hop();
      at += frame;
      wanted = HOP_BYTES;
    } else if (position > 0 || hopper.records > before || wanted < BLOCK_BYTES) {
      wanted = BLOCK_BYTES;
    } else {
      return undefined; // no whole record in a whole block: the file ends within one
    }
  }
  const grown = fstatSync(file).size !== stat.size;
  return at === stat.size && hopper.mayEnd && !grown
    ? { format, records: hopper.records, bytes: at }
    : undefined;
}

/** By the first header, if that is good and of the format that is expected. */
function formatOf(
  file: number,
  { format = 'auto' }: Partial<CheckedReading>,
): HopCount['format'] | undefined {
  const head = new Uint8Array(HEAD_BYTES);
  const found = certainFormat(head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0)));
  return format === 'auto' || format === found ? found : undefined;
}

/** Only the format's own modules are imported: start-up time counts. */
export async function loadHopper(
  format: HopCount['format'],
  reading: Partial<CheckedReading>,
): Promise<Hopper> {
  if (format === 'recordio')
    return new (await import('./hop-recordio.ts')).RecordIOHopper(BLOCK_BYTES, reading);
  return new (await import('./hop-tfrecord.ts')).TFRecordHopper(BLOCK_BYTES, reading);
}
