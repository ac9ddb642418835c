import { isObjectUri } from '../bytes/object-uri.ts';
import type { OnBatch, RecordScan } from '../records/scan-source.ts';
import { type FileInput, type FileTask, storedBytes, type Watch } from './file-task.ts';

/** What was found in a file. */
export type Examined = Omit<RecordScan, 'payloadBytes' | 'trailingBytes'>;

/** Validates or counts the records of a file. */
export async function examineFile(
  input: FileInput,
  uri: string,
  task: FileTask,
  watch: Watch,
  onBatch?: OnBatch,
): Promise<Examined> {
  // Imported when wanted: start-up time counts.
  if (input.range !== undefined)
    return (await import('./scan-range.ts')).scanRange(input, input.range, task, watch, onBatch);
  if (task.check === 'count') {
    const counted = await countQuickly(input, task, watch);
    if (counted !== undefined)
      return { ...counted, uri, compression: 'none', errors: [], errorCount: 0, warnings: 0 };
  }
  const { scanFile } = await import('./scan-file.ts');
  return scanFile(input, uri, task, watch, onBatch);
}

async function countQuickly(
  input: FileInput,
  { reading, blocking, requests }: FileTask,
  watch: Watch,
): Promise<Pick<Examined, 'format' | 'records' | 'bytes'> | undefined> {
  const { path } = input;
  if (isObjectUri(path))
    return reading.format === 'textline'
      ? undefined
      : (await import('./hop-object.ts')).hopObject(input, { reading, requests }, watch);
  if (path === '-' || storedBytes(input) === 0) return undefined;
  if (reading.format !== 'textline') return (await import('./hop-count.ts')).hopCount(path, reading, watch);
  return blocking ? (await import('./count-lines.ts')).countLines(path, reading, watch) : undefined;
}
