import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { checkAborted } from '../bytes/abortable.ts';
import { CHECK_LENGTH, NEED_MORE } from '../framing/frame-scan.ts';
import { HEADER_BYTES } from '../framing/tfrecord-layout.ts';
import { ownTFRecordScanner } from '../framing/tfrecord-scanner.ts';
import { detectCompression } from '../records/tfrecord-format.ts';
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

/**
 * Counts the records of an uncompressed regular file by hopping from header to header: every length checksum is verified, payloads are
 * not read where they are large. Undefined at anything unusual: the scan, which knows all cases, then says what it is.
 */
export async function hopCount(
  path: string,
  reading: CheckedReading,
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
  { compression, maxRecordBytes }: CheckedReading,
  { signal, onProgress }: Parameters<typeof hopCount>[2],
): Promise<HopCount | undefined> {
  const stat = fstatSync(file);
  if (!stat.isFile()) return undefined;
  const { scanner, nextBuffer } = ownTFRecordScanner(BLOCK_BYTES, 1);
  const { result } = scanner;
  const block = nextBuffer();
  let records = 0;
  let at = 0;
  let wanted = BLOCK_BYTES;
  for (let reads = 1; at < stat.size; reads++) {
    if (reads % READS_PER_TURN === 0) {
      await setImmediate();
      checkAborted(signal);
      onProgress?.(at);
    }
    const have = readSync(file, block, 0, wanted, at);
    if (at === 0 && compression === 'auto' && detectCompression(block.subarray(0, have)) !== 'none')
      return undefined;
    scanner.scan(block, 0, have, CHECK_LENGTH, maxRecordBytes, false);
    if (result.stop !== NEED_MORE) return undefined;
    records += result.count;
    at += result.position;
    const rest = have - result.position;
    if (rest >= HEADER_BYTES && result.wanted > BLOCK_BYTES) {
      records++;
      at += result.wanted;
      wanted = HOP_BYTES;
    } else if (result.count > 0 || wanted < BLOCK_BYTES) {
      wanted = BLOCK_BYTES;
    } else {
      return undefined; // no whole record in a whole block: the file ends within one
    }
  }
  const grown = fstatSync(file).size !== stat.size;
  return at === stat.size && !grown ? { records, bytes: at } : undefined;
}

function isSystemError(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error;
}
