import type { ChannelContent, EpochBytes, EpochMaking, EpochOffset } from './channel-content.ts';
import type { OwnFifo } from './fifo.ts';
import type { ProgramGuard } from './program-guard.ts';
import type { ChannelIdentity } from './resume/channel-identity.ts';
import type { RecordDivision } from './resume/epoch-position.ts';
import type { FoundPosition } from './resume/find-position.ts';
import type { OnStreamEvent } from './stream-events.ts';
import type { CheckedStreamerOptions } from './streamer-options.ts';

/** Options for serving a channel. */
export interface ChannelServing
  extends Pick<
    CheckedStreamerOptions,
    'epochs' | 'firstEpoch' | 'force' | 'lazy' | 'lock' | 'onFailure' | 'readerTimeoutMs' | 'strictEof'
  > {
  readonly channel: string;
  readonly folder: string;
  readonly signal: AbortSignal;
  readonly onEvent: OnStreamEvent;
  /** The epoch to serve first: `firstEpoch`, or a later one if the channel resumes. */
  readonly startEpoch: number;
  /** Number of bytes at the end of an epoch that its reader may not have received. */
  readonly unreadBytes: number;
  /** Whether to follow the position of the channel for checkpoints. */
  readonly isFollowed: boolean;
  /** How epochs are divided into records, if the options of the channel determine it. */
  readonly division: RecordDivision | undefined;
  /** Finds where the channel resumes. Undefined if it does not resume. */
  readonly resume:
    | ((content: ChannelContent) => Promise<FoundPosition & { readonly exact: boolean }>)
    | undefined;
  /** Returns what identifies the data and the options of the channel. */
  identify(content: ChannelContent): ChannelIdentity;
  /** Lists the content of the channel. */
  open(signal: AbortSignal): Promise<ChannelContent>;
  /** Starts fetching an epoch. */
  fetch(content: ChannelContent, epoch: number, at: EpochOffset, onPlace: EpochMaking['onPlace']): EpochBytes;
  /**
   * Called before a pipe with incomplete data is closed, because its reader would treat the close
   * as the end of the data.
   */
  beforeCut(error: unknown): Promise<void>;
  /** Guards the end of a pipe that a program reads, in case this process dies. */
  guard(fifo: OwnFifo): ProgramGuard | undefined;
  /**
   * Returns a promise that resolves when the program that reads the pipes ends. Undefined if no
   * program is running.
   */
  programEnded(): Promise<unknown> | undefined;
}
