import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileError } from '../bytes/file-errors.ts';
import { RecordpipeError } from '../errors.ts';
import { removeLeftTemporaries, replaceFileSync } from '../objects/local/temporary-file.ts';
import { statOf } from './fifo/make-fifos.ts';

/** What `CHANNEL.status.json` beside the pipes says: a pipe cannot carry an error, and an end that comes too early looks like any other. */
export interface ChannelStatus {
  readonly channel: string;
  /** The epoch that is served, or was served last. */
  readonly epoch: number;
  readonly state: 'streaming' | 'done' | 'failed';
  /** Bytes of that epoch that its pipe took. */
  readonly bytes: number;
  /** Whether that epoch was delivered to its end. */
  readonly complete: boolean;
  readonly error: ReturnType<RecordpipeError['toJSON']> | null;
}

/** Where the status of a channel stands. */
export function statusPath(folder: string, channel: string): string {
  return join(folder, `${channel}.status.json`);
}

/** Replaces the status as a whole. @throws RecordpipeError `access-denied`, `io-failure` */
export function writeStatus(folder: string, status: ChannelStatus): void {
  const path = statusPath(folder, status.channel);
  try {
    replaceFileSync(path, `${JSON.stringify(status)}\n`);
  } catch (error) {
    throw fileError(error, path);
  }
}

/**
 * Removes what an earlier run said, and what it left of its status if it was killed. Only under the channel's lock.
 * @throws RecordpipeError `already-exists` if something other than a file has the name; `access-denied`, `io-failure`
 */
export function removeStatus(folder: string, channel: string): void {
  const path = statusPath(folder, channel);
  const found = statOf(path);
  if (found !== undefined && !found.isFile()) {
    const what =
      'a link, named pipe or folder has the name of the status file; remove it, or choose another folder';
    throw new RecordpipeError('already-exists', what, { uri: path });
  }
  try {
    removeLeftTemporaries(path);
    rmSync(path, { force: true });
  } catch (error) {
    throw fileError(error, path);
  }
}
