import { RecordpipeError } from '../errors.ts';
import { checkFile, type FileTask, type Watch } from './check-file.ts';
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

/** Checks files on this thread. */
export function localLane(task: FileTask): FileLane {
  const stop = new AbortController();
  return {
    run: (path, onProgress) => checkFile(path, task, { signal: stop.signal, onProgress } satisfies Watch),
    close: async () => stop.abort(stoppedEarly()),
  };
}
