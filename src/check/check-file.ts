import type { EventLoopTurns } from '../bytes/event-loop-turns.ts';
import { isItemFailure } from '../errors.ts';
import type { OnBatch } from '../records/scan-source.ts';
import { isRemote } from '../storage/registry.ts';
import type { FileTask, Watch } from './file-checker.ts';
import { checkFrozen, type FileInput, storedBytes } from './file-input.ts';
import { type Examined, examinedFile, type FileReport, failedFile } from './file-report.ts';
import type { Looking } from './look-inside.ts';
import type { SmallContent } from './scan-small.ts';

/** Modules for small files and objects. Importing them for each would take as long as a scan. */
let small: typeof import('./scan-small.ts') | undefined;
let share: typeof import('./share-objects.ts') | undefined;

/** Imports the module for record contents on first use. */
function look(): Promise<typeof import('./look-inside.ts')> {
  return import('./look-inside.ts');
}

/**
 * Checks one file and returns its report, which lists invalid data and, if the file could not be
 * read, the reason.
 * @param looking examines the file if it is small; see {@link Looking}
 * @throws RecordpipeError `aborted`
 */
export async function checkFile(
  input: FileInput,
  task: FileTask,
  watch: Watch,
  looking?: Looking,
): Promise<FileReport> {
  const start = performance.now();
  const seconds = (): number => Math.round((performance.now() - start) * 1000) / 1e6;
  const { format = 'auto', compression = 'auto' } = task.reading;
  let file: SmallContent | undefined;
  try {
    checkFrozen(input);
    // Import modules lazily, here and below, to reduce startup time.
    small ??= await import('./scan-small.ts');
    if (isRemote(input.path)) {
      share ??= await import('./share-objects.ts');
      share.shareRequests(task.requests);
    }
    file = await small.readSmall(input, task, watch);
    const inside =
      file !== undefined && looking !== undefined
        ? looking.begin(input)
        : task.look && (await (await look()).lookInside(task.look, input, task.maxErrors));
    const scanned =
      file !== undefined
        ? await small.scanSmall(file, input, task, watch, inside?.onBatch)
        : await examine(input, task, watch, inside?.onBatch);
    const found =
      inside === undefined ? scanned : (await look()).withFailures(scanned, inside.failures, task.maxErrors);
    const detected = format === 'auto' && input.range === undefined;
    const report = examinedFile(input, found, { seconds: seconds(), detected });
    return inside === undefined ? report : inside.report(report);
  } catch (error) {
    // The records of a file that cannot be read must not remain counted. A file in memory does not
    // fail after its first record.
    if (!isItemFailure(error) || looking?.counting) throw error;
    return failedFile(input, error, {
      seconds: seconds(),
      compression: compression === 'auto' ? undefined : compression,
      format: format === 'auto' ? undefined : format,
    });
  } finally {
    file?.release();
  }
}

/**
 * Checks several files one after another, most of which should be small. With `failFast`, stops
 * after the first invalid one.
 * @param watchOf returns the callbacks for a file, given its index
 * @param onReport called with each report
 * @param turns yields to the event loop between files, because small files are read synchronously
 * @throws RecordpipeError `aborted`
 */
export async function checkFiles(
  inputs: readonly FileInput[],
  task: FileTask,
  watchOf: (index: number) => Watch,
  onReport: (report: FileReport, index: number) => void,
  turns?: EventLoopTurns,
): Promise<void> {
  const looking = task.look && (await (await look()).Looking.open(task.look, task.maxErrors));
  const last = inputs.length - 1;
  for (const [i, input] of inputs.entries()) {
    if (turns?.due()) await turns.take();
    const report = await checkFile(input, task, watchOf(i), looking);
    onReport(i === last && looking !== undefined ? looking.finish(report) : report, i);
    if (task.failFast && !report.ok) return;
  }
}

/**
 * Minimum size of a local file for counting by headers. A scan of a smaller file takes less time
 * than allocating the memory for the headers.
 */
const MIN_HOP_BYTES = 512 * 1024;

/** Validates or counts the records of a file that is not small. */
async function examine(input: FileInput, task: FileTask, watch: Watch, onBatch: OnBatch): Promise<Examined> {
  if (input.range !== undefined)
    return (await import('./ranges/planned-range.ts')).scanPlannedRange(
      input,
      input.range,
      task,
      watch,
      onBatch,
    );
  const { stored = storedBytes(input) } = input;
  if (
    task.check === 'count' &&
    task.look === undefined &&
    (stored >= MIN_HOP_BYTES || isRemote(input.path))
  ) {
    const { countQuickly } = await import('./count-quickly.ts');
    const counted = await countQuickly(input, task, watch);
    if (counted !== undefined)
      return { ...counted, compression: 'none', errors: [], errorCount: 0, warnings: 0 };
  }
  return (await import('./scan-file.ts')).scanFile(input, task, watch, onBatch);
}
