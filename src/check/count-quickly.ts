import { isItemFailure } from '../errors.ts';
import type { FormatName } from '../formats/names/index.ts';
import type { HeaderHop } from '../formats/record-format.ts';
import { type AnyOptions, certainFormat, recordFormat } from '../formats/registry.ts';
import { type HopSource, hopHeaders } from '../records/hop-headers.ts';
import { openObjectReader } from '../storage/object-reader.ts';
import { isRemote } from '../storage/registry.ts';
import { openStoredFile } from '../storage/stored-file.ts';
import type { FileTask, Watch } from './file-checker.ts';
import { type FileInput, storedBytes } from './file-input.ts';
import type { CheckedReading } from './files-options.ts';

/**
 * Number of leading bytes that determine the format and compression of a file. An object's first
 * block is used instead.
 */
const HEAD_BYTES = 64;
const OBJECT_HEAD_BYTES = 128 * 1024;

/** Record count of a file that needed no scan. */
export interface QuickCount {
  readonly format: FormatName;
  readonly records: number;
  readonly bytes: number;
}

/**
 * Counts the records of an uncompressed file or object from its headers or delimiters. Returns
 * undefined for any input that requires the general scan.
 */
export async function countQuickly(
  input: FileInput,
  { reading, blocking }: FileTask,
  watch: Watch,
): Promise<QuickCount | undefined> {
  const { path } = input;
  if (reading.compression === 'gzip' || reading.compression === 'zlib') return undefined;
  if (isRemote(path)) return countObject(input, reading, watch);
  if (path === '-' || storedBytes(input) === 0) return undefined;
  try {
    return await countFile(path, reading, blocking, watch);
  } catch (error) {
    if (isItemFailure(error)) return undefined;
    throw error;
  }
}

async function countFile(
  path: string,
  reading: Partial<CheckedReading>,
  blocking: boolean,
  watch: Watch,
): Promise<QuickCount | undefined> {
  const file = await openStoredFile(path);
  try {
    const { size } = file;
    const head = new Uint8Array(Math.min(HEAD_BYTES, size));
    file.readNow(head, 0, head.length, 0);
    const found = await hopOf(head, reading);
    // A counter that reads the whole file would block this thread.
    if (found === undefined || (found.hop.readsAll && !blocking)) return undefined;
    const counted = await hopHeaders(file, found.hop, watch);
    return counted && file.unchanged
      ? { format: found.format, records: found.hop.records, bytes: size }
      : undefined;
  } finally {
    await file.close();
  }
}

async function countObject(
  { path: uri, size, etag }: FileInput,
  reading: Partial<CheckedReading>,
  { signal, onProgress, onRetry, onSize }: Watch,
): Promise<QuickCount | undefined> {
  const { objects } = reading;
  if (size === 0 || objects?.verifyObject) return undefined; // Verification requires reading the whole object.
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
      remote: reader,
      readNow: (target, at, length, position) => target.set(head.subarray(position, position + length), at),
      async read(target, at, length, position) {
        if (position + length <= head.length) this.readNow(target, at, length, position);
        else await reader.readInto(target.subarray(at, at + length), position);
      },
    };
    const counted = await hopHeaders(source, found.hop, { signal, onProgress });
    return counted ? { format: found.format, records: found.hop.records, bytes } : undefined;
  } finally {
    await reader.close();
  }
}

/** Determines the format from the first bytes or the options, and selects its counter. */
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
