import { join } from 'node:path';
import { UsageError } from '../../errors.ts';

/** `.` and `..` are folders, not names. */
const NAME = /^(?!\.\.?$)[A-Za-z0-9._-]{1,64}$/;

/**
 * Checks a channel name against SageMaker's rule before it becomes part of a file name.
 * @throws UsageError if the name violates the rule
 */
export function checkChannelName(argument: string, name: unknown): void {
  if (typeof name === 'string' && NAME.test(name)) return;
  throw new UsageError(
    `${argument}: expected a channel name of 1 to 64 characters (A-Z a-z 0-9 . _ -), got ${JSON.stringify(name)}`,
  );
}

/**
 * Returns the path of an epoch's named pipe. Like `sagemaker_tensorflow`, formats a negative index
 * as an unsigned integer.
 */
export function pipePath(pipeDir: string, channel: string, epoch: number): string {
  return join(pipeDir, `${channel}_${epoch >>> 0}`);
}

/**
 * Returns the path of the file that stores the index of the next epoch. `sagemaker_tensorflow` uses
 * the same file.
 */
export function statePath(stateDir: string, channel: string): string {
  return join(stateDir, `.${channel}-pipe_mode-state`);
}

/** Returns the path of the state file's lock. `sagemaker_tensorflow` uses the same file. */
export function stateLockPath(stateDir: string, channel: string): string {
  return join(stateDir, `.${channel}-pipe_mode-lock`);
}

/** Returns the path of the lock that a streamer holds while it serves the channel. */
export function streamerLockPath(pipeDir: string, channel: string): string {
  return join(pipeDir, `.recordpipe-${channel}.lock`);
}

/**
 * Returns the path of the status file that a streamer writes for readers, because a pipe cannot
 * carry an error.
 */
export function statusPath(pipeDir: string, channel: string): string {
  return join(pipeDir, `${channel}.status.json`);
}

/** Position at which the bytes of a resumed epoch start, in the status file. */
export interface EpochStartStatus {
  /** Zero-based number of the epoch. */
  readonly epoch: number;
  /** Number of bytes of the epoch that precede the bytes in the pipe. */
  readonly bytes: number;
  /** Number of records of the epoch that precede the records in the pipe; null if unknown. */
  readonly records: number | null;
  /** Inode of the pipe. */
  readonly pipe: string;
}
