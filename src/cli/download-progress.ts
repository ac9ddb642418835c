import type { TrainingEvent } from 'recordpipe/pipemode/train';
import { progressOf } from './progress.ts';

/** Reports the total download progress of a job's File mode channels. */
export interface DownloadProgress {
  note(event: TrainingEvent): void;
  /** Removes the live line. Must be called before any other output. */
  clear(): void;
}

export function downloadProgress(enabled: boolean): DownloadProgress {
  const line = progressOf('download', enabled);
  const channels = new Map<string, Extract<TrainingEvent, { readonly event: 'filling' }>>();
  return {
    note: (event) => {
      if (event.event === 'status') line.clear();
      if (event.event !== 'filling' || line.update === undefined) return;
      channels.set(`${event.host} ${event.channel}`, event);
      const sum = { files: 0, filesDone: 0, bytes: 0, totalBytes: 0 };
      for (const { files, bytes, totalFiles = files, totalBytes = 0 } of channels.values()) {
        sum.files += totalFiles;
        sum.filesDone += files;
        sum.bytes += bytes;
        sum.totalBytes += totalBytes;
      }
      line.update({ ...sum, bad: 0 });
    },
    clear: line.clear,
  };
}
