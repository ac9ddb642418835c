import { closeSync, openSync } from 'node:fs';
import { checkAborted } from '../bytes/abortable.ts';

/**
 * Opens a file for a quick way of counting it. Undefined where the system refuses anything: the scan then says what.
 * @throws RecordpipeError `aborted`
 */
export async function tryFile<T>(
  path: string,
  signal: AbortSignal | undefined,
  count: (file: number) => Promise<T | undefined>,
): Promise<T | undefined> {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    return await count(file);
  } catch (error) {
    checkAborted(signal);
    if (error instanceof Error && 'syscall' in error) return undefined;
    throw error;
  } finally {
    closeSync(file);
  }
}
