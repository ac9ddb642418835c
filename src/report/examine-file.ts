import type { RecordScan } from '../records/scan-source.ts';
import { type FileTask, storedBytes, type Watch } from './file-task.ts';

/** What was found in a file. */
export type Examined = Omit<RecordScan, 'payloadBytes' | 'trailingBytes'>;

/** Validates or counts the records of a file. @param path `-` for standard input */
export async function examineFile(
  path: string,
  uri: string,
  task: FileTask,
  watch: Watch,
): Promise<Examined> {
  // Imported when wanted: start-up time counts.
  if (task.check === 'count' && path !== '-' && storedBytes(path) > 0) {
    const { hopCount } = await import('./hop-count.ts');
    const hops = await hopCount(path, task.reading, watch);
    if (hops !== undefined)
      return { ...hops, uri, compression: 'none', errors: [], errorCount: 0, warnings: 0 };
  }
  const { scanFile } = await import('./scan-file.ts');
  return scanFile(path, uri, task, watch);
}
