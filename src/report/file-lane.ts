import { setImmediate } from 'node:timers/promises';
import { RecordpipeError } from '../errors.ts';
import { checkFile } from './check-file.ts';
import type { FileInput, FileTask, Watch } from './file-task.ts';
import type { FileReport, Finding } from './validate-report.ts';

/** The state of a file that is being checked. */
export interface FileProgress {
  /** Stored bytes read. */
  readonly bytes: number;
  /** Requests that were repeated. */
  readonly retries: number;
  /** Stored size, once it is known; missing for files whose size needs no reading. */
  readonly size?: number;
  /** A finding, as soon as it is found. */
  readonly finding?: Finding;
}

/** Called periodically while a file is checked, and for each finding. */
export type OnFileProgress = (progress: FileProgress) => void;

/** Checks files: local ones one at a time, of objects several. */
export interface FileLane {
  run(input: FileInput, onProgress: OnFileProgress): Promise<FileReport>;
  /** Ends what is running, whose `run` then rejects, and frees all. */
  close(): Promise<void>;
}

/** What a `run` that was ended by `close` rejects with. */
export function stoppedEarly(): RecordpipeError {
  return new RecordpipeError('aborted', 'stopped before the end of the file');
}

/** Small files that are read without waiting end without the event loop having had a turn: then it gets one between two files. */
const TURN_MS = 10;

/** Checks files on this thread. */
export function localLane(task: FileTask): FileLane {
  const stop = new AbortController();
  let lastTurn = performance.now();
  return {
    run: async (input, onProgress) => {
      if (performance.now() - lastTurn > TURN_MS) {
        await setImmediate();
        lastTurn = performance.now();
      }
      return checkFile(input, task, { signal: stop.signal, ...watching(onProgress) });
    },
    close: async () => {
      stop.abort(stoppedEarly());
      if (task.requests !== undefined) (await import('./share-requests.ts')).shareRequests(undefined);
    },
  };
}

/** The callbacks of `checkFile` that report to `onProgress`. */
export function watching(
  onProgress: OnFileProgress,
): Pick<Watch, 'onProgress' | 'onRetry' | 'onSize' | 'onFinding'> {
  let progress: FileProgress = { bytes: 0, retries: 0 };
  const update = (change: Partial<FileProgress>): void => {
    progress = { ...progress, ...change };
    onProgress(progress);
  };
  return {
    onProgress: (bytes) => update({ bytes }),
    onRetry: () => update({ retries: progress.retries + 1 }),
    onSize: (size) => update({ size }),
    onFinding: (error) => onProgress({ ...progress, finding: error.toJSON() }),
  };
}
