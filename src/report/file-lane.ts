import { setImmediate } from 'node:timers/promises';
import { RecordpipeError } from '../errors.ts';
import { checkFile } from './check-file.ts';
import type { FileTask } from './file-task.ts';
import type { FileReport } from './validate-report.ts';

/** Checks one file at a time. */
export interface FileLane {
  run(path: string, onBytes: (bytes: number) => void): Promise<FileReport>;
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
    run: async (path, onProgress) => {
      if (performance.now() - lastTurn > TURN_MS) {
        await setImmediate();
        lastTurn = performance.now();
      }
      return checkFile(path, task, { signal: stop.signal, onProgress });
    },
    close: async () => stop.abort(stoppedEarly()),
  };
}
