import { crc32c } from '../../../crc32c/index.ts';
import { FORMAT_NAMES } from '../../../formats/names/index.ts';
import type { ChannelIdentity } from './channel-identity.ts';
import type { EpochPosition, RecordDivision } from './epoch-position.ts';

/** The position of a channel in a {@link StreamCheckpoint}. */
export interface ChannelCheckpoint extends EpochPosition {
  /**
   * Last part of the address of the object at position `object`, for human readers; null if the
   * address is unknown.
   */
  readonly name: string | null;
  /** How the epoch is divided into records; null if no bytes of the epoch have been written. */
  readonly division: RecordDivision | null;
  /** The epoch whose pipe was opened last, and the number of bytes that this pipe accepted. */
  readonly written: {
    /** Zero-based number of the epoch. */
    readonly epoch: number;
    /** Number of bytes that the pipe accepted. */
    readonly bytes: number;
  };
  /** The data and the options of the channel. */
  readonly content: ChannelIdentity;
}

/**
 * The positions of a streamer, as plain JSON. Every record before the position of a channel has
 * been read from its pipe. Some records after it may have been read too.
 */
export interface StreamCheckpoint {
  /** Identifies the kind of document. */
  readonly type: 'recordpipe-stream';
  /** Version of this layout. */
  readonly version: 1;
  /** Position of each channel. */
  readonly channels: Readonly<Record<string, ChannelCheckpoint>>;
  /** Checksum of `channels`. A checkpoint with an incorrect checksum is rejected. */
  readonly checksum: number;
}

/** Returns the checkpoint of channels at these positions. */
export function streamCheckpoint(channels: StreamCheckpoint['channels']): StreamCheckpoint {
  return { type: 'recordpipe-stream', version: 1, channels, checksum: checksumOf(channels) };
}

/** Reports whether the channels of a checkpoint are those that it was written with. */
export function isUnchanged({ channels, checksum }: StreamCheckpoint): boolean {
  return checksum === checksumOf(channels);
}

function checksumOf(channels: StreamCheckpoint['channels']): number {
  return crc32c(new TextEncoder().encode(JSON.stringify(channels)));
}

/** Reports whether a parsed JSON value claims to be a checkpoint of a streamer. */
export function isStreamCheckpoint(value: unknown): value is StreamCheckpoint {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'recordpipe-stream';
}

/** Reports whether a channel of a checkpoint has all fields. */
export function isChannelCheckpoint(value: unknown): value is ChannelCheckpoint {
  if (typeof value !== 'object' || value === null) return false;
  const { epoch, object, offset, bytes, records, division, content } = value as Partial<ChannelCheckpoint>;
  const isCounted = records === null || isCount(records);
  const isDivided =
    division === null || division === 'objects' || FORMAT_NAMES.some((one) => one === division);
  return (
    [epoch, object, offset, bytes].every(isCount) &&
    isCounted &&
    isDivided &&
    typeof content === 'object' &&
    content !== null
  );
}

export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}
