import type { OnBatch, RecordScan } from '../records/scan-source.ts';
import { type FileTask, storedBytes, type Watch } from './file-task.ts';

/** What was found in a file. */
export type Examined = Omit<RecordScan, 'payloadBytes' | 'trailingBytes'>;

/** Validates or counts the records of a file. @param path `-` for standard input */
export async function examineFile(
  path: string,
  uri: string,
  task: FileTask,
  watch: Watch,
  onBatch?: OnBatch,
): Promise<Examined> {
  // Imported when wanted: start-up time counts.
  if (task.check === 'count' && path !== '-' && storedBytes(path) > 0) {
    const counted = await countQuickly(path, task, watch);
    if (counted !== undefined)
      return { ...counted, uri, compression: 'none', errors: [], errorCount: 0, warnings: 0 };
  }
  const { scanFile } = await import('./scan-file.ts');
  return scanFile(path, uri, task, watch, onBatch);
}

async function countQuickly(
  path: string,
  { reading, blocking }: FileTask,
  watch: Watch,
): Promise<Pick<Examined, 'format' | 'records' | 'bytes'> | undefined> {
  if (reading.format !== 'textline') return (await import('./hop-count.ts')).hopCount(path, reading, watch);
  return blocking ? (await import('./count-lines.ts')).countLines(path, reading, watch) : undefined;
}
