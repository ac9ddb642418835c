import { setImmediate } from 'node:timers/promises';
import { RecordpipeError } from '../errors.ts';
import { checkFile } from './check-file.ts';
import type { FileInput, FileTask, Watch } from './file-task.ts';
import type { FileReport } from './validate-report.ts';

/** Told how far a file is: bytes read of it, further attempts of requests for it. */
export type OnFileProgress = (bytes: number, retries: number) => void;

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

/** What `checkFile` is told to tell. */
export function watching(onProgress: OnFileProgress): Pick<Watch, 'onProgress' | 'onRetry'> {
  let read = 0;
  let retries = 0;
  return {
    onProgress: (bytes) => {
      read = bytes;
      onProgress(read, retries);
    },
    onRetry: () => {
      retries++;
      onProgress(read, retries);
    },
  };
}
