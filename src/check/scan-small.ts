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
import { isRemote } from '../storage/registry.ts';
import type { FileTask, Watch } from './file-checker.ts';
import { type FileInput, storedBytes, uriOf } from './file-input.ts';
import { identified, MIN_CHUNK_BYTES, scanOptions } from './scan-file.ts';

/** Reads the whole of a small local file at once. Returns undefined for any other input. */
export function readSmall(input: FileInput, { source }: Watch): SmallFile | undefined {
  const { path, stored = storedBytes(input), range } = input;
  if (source !== undefined || range !== undefined || path === '-' || isRemote(path)) return undefined;
  return readSmallFile(path, stored);
}

/** Detects the format of a small file that has been read, and scans all its records. */
export async function scanSmall(
  { bytes }: SmallFile,
  input: FileInput,
  task: FileTask,
  { signal, onProgress, onFinding }: Watch,
  onBatch: OnBatch,
): Promise<RecordScan> {
  checkAborted(signal);
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
