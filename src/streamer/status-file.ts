import { renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileError } from '../bytes/file-errors.ts';
import type { RecordpipeError } from '../errors.ts';

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
  const temporary = `${path}.tmp`;
  try {
    writeFileSync(temporary, `${JSON.stringify(status)}\n`);
    renameSync(temporary, path);
  } catch (error) {
    throw fileError(error, path);
  }
}

/** Takes away what an earlier run said. */
export function removeStatus(folder: string, channel: string): void {
  rmSync(statusPath(folder, channel), { force: true });
}
