import { isItemFailure } from '../errors.ts';
import type { OnBatch } from '../records/scan-source.ts';
import { isRemote } from '../storage/registry.ts';
import type { FileTask, Watch } from './file-checker.ts';
import { checkFrozen, type FileInput } from './file-input.ts';
import { type Examined, examinedFile, type FileReport, failedFile } from './file-report.ts';

/**
 * Checks one file and returns its report, which lists invalid data and, if the file could not be
 * read, the reason.
 * @throws RecordpipeError `aborted`
 */
export async function checkFile(input: FileInput, task: FileTask, watch: Watch): Promise<FileReport> {
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) * 1000) / 1e6;
  const { format = 'auto', compression = 'auto' } = task.reading;
  try {
    checkFrozen(input);
    // Import modules lazily, here and below, to reduce startup time.
    const inside = task.look && (await import('./look-inside.ts')).lookInside(task.look, input);
    const found = await examine(input, task, watch, inside?.onBatch);
    const detected = format === 'auto' && input.range === undefined;
    const report = examinedFile(input, found, { seconds: seconds(), detected });
    return inside === undefined ? report : inside.report(report, task.maxErrors);
  } catch (error) {
    if (!isItemFailure(error)) throw error;
    return failedFile(input, error, {
      seconds: seconds(),
      compression: compression === 'auto' ? undefined : compression,
      format: format === 'auto' ? undefined : format,
    });
  }
}

/** The module for small files. Importing it for each of them would take as long as a scan. */
let small: typeof import('./scan-small.ts') | undefined;

/** Validates or counts the records of a file. */
async function examine(input: FileInput, task: FileTask, watch: Watch, onBatch: OnBatch): Promise<Examined> {
  if (isRemote(input.path)) (await import('./share-objects.ts')).shareRequests(task.requests);
  if (input.range !== undefined)
    return (await import('./scan-range.ts')).scanRange(input, input.range, task, watch, onBatch);
  small ??= await import('./scan-small.ts');
  const scanned = await small.scanSmall(input, task, watch, onBatch);
  if (scanned !== undefined) return scanned;
  if (task.check === 'count') {
    const { countQuickly } = await import('./count-quickly.ts');
    const counted = await countQuickly(input, task, watch);
    if (counted !== undefined)
      return { ...counted, compression: 'none', errors: [], errorCount: 0, warnings: 0 };
  }
  return (await import('./scan-file.ts')).scanFile(input, task, watch, onBatch);
}
