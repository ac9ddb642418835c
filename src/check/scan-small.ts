import { checkAborted } from '../bytes/abortable.ts';
import type { FormatName } from '../formats/names/index.ts';
import { type AnyOptions, certainFormat, recordFormat } from '../formats/registry.ts';
import {
  type OnBatch,
  type PreparedScan,
  prepareScan,
  type RecordScan,
  scanPrepared,
} from '../records/scan-source.ts';
import { readSmallFile, type SmallFile } from '../storage/local/small-file.ts';
import type { OnTransferEvent } from '../storage/prefetch/transfer-control.ts';
import { isRemote } from '../storage/registry.ts';
import type { SmallObject } from '../storage/small-object.ts';
import type { FileTask, Watch } from './file-checker.ts';
import { type FileInput, storedBytes, uriOf } from './file-input.ts';
import { identified, MIN_CHUNK_BYTES, scanOptions } from './scan-file.ts';

/** A small file or object that has been read. */
export type SmallContent = SmallFile | SmallObject;

/** Reads the whole of a small file or object at once. Returns undefined for any other input. */
export async function readSmall(
  input: FileInput,
  task: FileTask,
  watch: Watch,
): Promise<SmallContent | undefined> {
  const { path, stored = storedBytes(input), range } = input;
  if (watch.source !== undefined || range !== undefined || path === '-') return undefined;
  checkAborted(watch.signal);
  return isRemote(path) ? readObject(input, task, watch) : readSmallFile(path, stored);
}

/** The module for small objects, which only runs over objects import. */
let small: typeof import('../storage/small-object.ts') | undefined;

async function readObject(
  { path, size = 0, etag }: FileInput,
  { reading }: FileTask,
  { signal, onRetry }: Watch,
): Promise<SmallObject | undefined> {
  small ??= await import('../storage/small-object.ts');
  const onEvent: OnTransferEvent = ({ type }) => {
    if (type === 'retry') onRetry?.();
  };
  return small.readSmallObject(path, size, etag, { objects: reading.objects, signal, onEvent });
}

/** Detects the format of small content and scans all its records. */
export async function scanSmall(
  { bytes }: SmallContent,
  input: FileInput,
  task: FileTask,
  { signal, onProgress, onFinding }: Watch,
  onBatch: OnBatch,
): Promise<RecordScan> {
  const sure = sureFormat(bytes, task.reading);
  const { format, compression } =
    sure === undefined
      ? await identified(bytes, input, task, signal)
      : { format: sure, compression: 'none' as const };
  const { codec, options } = await preparedScan(task, format);
  const scan = { codec, options: { ...options, compression, uri: uriOf(input) } };
  const { maxErrors } = task;
  const scanned = await scanPrepared(scan, bytes, { maxErrors, onProgress, onFinding }, onBatch);
  return { ...scanned, bytes: bytes.length };
}

/** Returns the format if the first bytes determine it and exclude compression. */
function sureFormat(bytes: Uint8Array, { format, compression }: FileTask['reading']): FormatName | undefined {
  if ((format ?? 'auto') !== 'auto' || compression === 'gzip' || compression === 'zlib') return undefined;
  return certainFormat(bytes);
}

type Scan = PreparedScan<AnyOptions>;

/** The scans that small files share, by task and format. */
const scans = new WeakMap<FileTask, Map<FormatName, Scan>>();

async function preparedScan(task: FileTask, format: FormatName): Promise<Scan> {
  const known = scans.get(task) ?? new Map<FormatName, Scan>();
  scans.set(task, known);
  const found = known.get(format);
  if (found !== undefined) return found;
  // The name of the file is added for each scan.
  const { uri: _, ...reading } = scanOptions({ path: '' }, task, {});
  const scan = await prepareScan(recordFormat(format), {
    ...reading,
    blocking: true,
    chunkBytes: MIN_CHUNK_BYTES,
  });
  known.set(format, scan);
  return scan;
}
