import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { checkAborted } from '../bytes/abortable.ts';
import { recordFormat } from '../records/formats.ts';
import { RecordIOHopper } from './hop-recordio.ts';
import { TFRecordHopper } from './hop-tfrecord.ts';
import type { CheckedReading } from './report-options.ts';

/** Bytes read at a time while records are smaller than that. */
const BLOCK_BYTES = 64 * 1024;
/** Bytes read at a time for a header alone: a page. */
const HOP_BYTES = 4 * 1024;
/** Synchronous reads (a few microseconds each, a tenth of an asynchronous one) before others get a turn. */
const READS_PER_TURN = 64;

/** A file counted without a doubt. */
export interface HopCount {
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
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    return await hop(file, reading, watch);
  } catch (error) {
    checkAborted(watch.signal);
    if (isSystemError(error)) return undefined;
    throw error;
  } finally {
    closeSync(file);
  }
}

async function hop(
  file: number,
  reading: Partial<CheckedReading>,
  { signal, onProgress }: Parameters<typeof hopCount>[2],
): Promise<HopCount | undefined> {
  const stat = fstatSync(file);
  if (!stat.isFile()) return undefined;
  const hopper =
    reading.format === 'recordio'
      ? new RecordIOHopper(BLOCK_BYTES, reading)
      : new TFRecordHopper(BLOCK_BYTES, reading);
  const format = recordFormat(reading.format === 'recordio' ? 'recordio' : 'tfrecord');
  const block = hopper.nextBuffer();
  let at = 0;
  let wanted = BLOCK_BYTES;
  for (let reads = 1; at < stat.size; reads++) {
    if (reads % READS_PER_TURN === 0) {
      await setImmediate();
      checkAborted(signal);
      onProgress?.(at);
    }
    const have = readSync(file, block, 0, wanted, at);
    if (
      at === 0 &&
      reading.compression !== 'none' &&
      format.detectCompression(block.subarray(0, have)) !== 'none'
    )
      return undefined;
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
  return at === stat.size && hopper.mayEnd && !grown ? { records: hopper.records, bytes: at } : undefined;
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
