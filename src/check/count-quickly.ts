import { fstatSync, readSync } from 'node:fs';
import { isObjectUri } from '../bytes/object-uri.ts';
import { certainFormat } from '../formats/detect-format.ts';
import type { HeaderHop } from '../formats/record-format.ts';
import { type AnyOptions, type FormatName, recordFormat } from '../formats/registry.ts';
import { type HopSource, hopHeaders } from '../records/hop-headers.ts';
import { openObjectReader } from '../storage/object-reader.ts';
import { processGate } from '../storage/prefetch/request-gate.ts';
import { type FileInput, type FileTask, storedBytes, type Watch } from './file-task.ts';
import type { CheckedReading } from './report-options.ts';
import { tryFile } from './scan-file.ts';

/** Number of first bytes that show format and compression; of an object, the first block of its headers. */
const HEAD_BYTES = 64;
const OBJECT_HEAD_BYTES = 128 * 1024;

/** A file counted without a doubt. */
export interface QuickCount {
  readonly format: FormatName;
  readonly records: number;
  readonly bytes: number;
}

/**
 * Counts the records of an uncompressed file or object by its headers, or its delimiters. Undefined at anything
 * unusual: the scan, which knows all cases, then reports it.
 */
export async function countQuickly(
  input: FileInput,
  { reading, blocking, requests }: FileTask,
  watch: Watch,
): Promise<QuickCount | undefined> {
  const { path } = input;
  if (reading.compression === 'gzip' || reading.compression === 'zlib') return undefined;
  if (isObjectUri(path)) return countObject(input, reading, requests, watch);
  if (path === '-' || storedBytes(input) === 0) return undefined;
  return tryFile(path, watch.signal, (file) => countFile(file, reading, blocking, watch));
}

/** Limits this thread to its share of the requests to object stores that the process may have in flight. */
export function shareRequests(requests: number | undefined): void {
  processGate.share(requests);
}

async function countFile(
  file: number,
  reading: Partial<CheckedReading>,
  blocking: boolean,
  watch: Watch,
): Promise<QuickCount | undefined> {
  const stat = fstatSync(file);
  if (!stat.isFile()) return undefined;
  const head = new Uint8Array(HEAD_BYTES);
  const found = await hopOf(head.subarray(0, readSync(file, head, 0, HEAD_BYTES, 0)), reading);
  // A hop that reads everything must not block this thread unless it may.
  if (found === undefined || (found.hop.readsAll && !blocking)) return undefined;
  const source: HopSource = {
    size: stat.size,
    remote: false,
    read: (target, offset, length) => readSync(file, target, 0, length, offset),
  };
  const counted = await hopHeaders(source, found.hop, watch);
  if (!counted || fstatSync(file).size !== stat.size) return undefined;
  return { format: found.format, records: found.hop.records, bytes: stat.size };
}

async function countObject(
  { path: uri, size, etag }: FileInput,
  reading: Partial<CheckedReading>,
  requests: number | undefined,
  { signal, onProgress, onRetry, onSize }: Watch,
): Promise<QuickCount | undefined> {
  const { objects } = reading;
  if (size === 0 || objects?.verifyObject) return undefined; // verifying reads the whole object
  shareRequests(requests);
  const reader = await openObjectReader(
    { uri, size, etag },
    { ...objects, signal, onEvent: ({ type }) => type === 'retry' && onRetry?.() },
  );
  try {
    const bytes = reader.size;
    onSize?.(bytes);
    if (bytes === 0) return undefined;
    const head = await reader.read(0, Math.min(OBJECT_HEAD_BYTES, bytes));
    const found = await hopOf(head, reading);
    if (found === undefined || found.hop.readsAll) return undefined;
    const source: HopSource = {
      size: bytes,
      remote: true,
      async read(target, offset, length) {
        const isHead = offset + length <= head.length;
        const part = isHead
          ? head.subarray(offset, offset + length)
          : await reader.read(offset, offset + length);
        target.set(part);
        return part.length;
      },
    };
    const counted = await hopHeaders(source, found.hop, { signal, onProgress });
    return counted ? { format: found.format, records: found.hop.records, bytes } : undefined;
  } finally {
    await reader.close();
  }
}

/** The format by its first bytes, or as requested, and what walks its headers. */
async function hopOf(
  head: Uint8Array,
  reading: Partial<CheckedReading>,
): Promise<{ format: FormatName; hop: HeaderHop } | undefined> {
  const { format: wanted = 'auto', compression = 'auto' } = reading;
  const name = wanted === 'auto' ? certainFormat(head) : wanted;
  if (name === undefined) return undefined;
  const format = recordFormat(name);
  if (compression === 'auto' && format.detectCompression(head.subarray(0, HEAD_BYTES)) !== 'none')
    return undefined;
  const hop = await format.headerHop?.(format.readOptions(reading as Partial<AnyOptions>));
  return hop && { format: name, hop };
}
