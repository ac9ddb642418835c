import { RecordpipeError } from '../../errors.ts';
import { type EpochStartStatus, statusPath } from '../job/channel-files.ts';
import { readSmallFile } from '../job/config-file.ts';

/** The part of a status file that readers use. */
interface StreamerStatus {
  readonly epoch: number;
  readonly pipe: string;
  readonly sent: boolean;
  readonly start?: EpochStartStatus;
}

/** The pipe of an epoch, as its reader knows it. */
export interface ReadPipe {
  readonly pipeDir: string;
  readonly channel: string;
  readonly epoch: number;
  /** Inode of the pipe. */
  readonly pipe: string;
}

/**
 * Returns where the bytes of a pipe start in its epoch. Returns undefined if they start at its
 * beginning. Call after the first byte or the end of the pipe arrived.
 */
export function startOfPipe(read: ReadPipe): EpochStartStatus | undefined {
  const start = statusOf(read)?.start;
  return start?.epoch === read.epoch && start.pipe === read.pipe ? start : undefined;
}

/**
 * Checks that the streamer sent the whole epoch. A pipe ends in the same way if its writer is
 * killed. Accepts pipes of other writers, which write no status file.
 * @throws RecordpipeError `io-failure` if the streamer ended before
 */
export function checkSent(read: ReadPipe): void {
  const status = statusOf(read);
  if (status?.epoch !== read.epoch || status.pipe !== read.pipe || status.sent) return;
  const what =
    'the streamer stopped before it had sent the whole epoch; restart it, and resume from the state of this dataset';
  throw new RecordpipeError('io-failure', what);
}

function statusOf({ pipeDir, channel }: ReadPipe): StreamerStatus | undefined {
  try {
    return JSON.parse(readSmallFile(statusPath(pipeDir, channel))) as StreamerStatus;
  } catch {
    return undefined; // The writer is not a streamer of recordpipe.
  }
}
