import { readFileSync } from 'node:fs';
import { type EpochPosition, epochStart, PositionLog, type RecordDivision } from './epoch-position.ts';
import type { FoundPosition } from './find-position.ts';
import type { ChannelCheckpoint } from './stream-checkpoint.ts';

/** Number of characters of an address that a checkpoint repeats. */
const NAME_CHARACTERS = 120;
/** Maximum capacity of a pipe that an unprivileged reader can set, unless the system allows more. */
const PIPE_BYTES = 2 ** 20;

/**
 * Returns the maximum number of bytes that a pipe holds: a reader may enlarge its pipe, and the
 * writer cannot see by how much.
 */
export function maxPipeBytes(): number {
  try {
    return Math.max(PIPE_BYTES, Number(readFileSync('/proc/sys/fs/pipe-max-size', 'latin1')));
  } catch {
    return PIPE_BYTES;
  }
}

/**
 * The position of a channel for checkpoints: the last one between two records that the reader has
 * certainly read from the pipe. An epoch counts as read once the next one is opened.
 */
export class ChannelPosition {
  readonly #unreadBytes: number;
  #start: EpochPosition;
  #division: RecordDivision | undefined;
  #log: PositionLog | undefined;
  #accepted: () => number = () => 0;

  /** @param unreadBytes number of bytes at the end of an epoch that may not have been read */
  constructor(epoch: number, unreadBytes: number) {
    this.#start = epochStart(epoch);
    this.#unreadBytes = unreadBytes;
  }

  /** Moves to a position at which the channel resumes. */
  resume({ position, division }: FoundPosition): void {
    this.#start = position;
    this.#division = division;
  }

  /**
   * Moves to an epoch whose pipe was opened.
   * @param accepted returns the number of bytes that the pipe has accepted
   */
  open({ position, division }: FoundPosition, accepted: () => number): PositionLog {
    this.resume({ position, division });
    this.#accepted = accepted;
    this.#log = new PositionLog(position, division, () => this.#settled);
    return this.#log;
  }

  /** Moves to the beginning of an epoch, because the previous one was read to its end. */
  skipTo(epoch: number): void {
    this.#start = epochStart(epoch);
    this.#log = undefined;
    this.#accepted = () => 0;
  }

  /** The position and what was written, without the identity of the channel. */
  get current(): Omit<ChannelCheckpoint, 'content'> {
    const { name, ...position } = this.#log?.before(this.#settled) ?? { ...this.#start, name: undefined };
    return {
      ...position,
      name: name?.slice(-NAME_CHARACTERS) ?? null,
      division: this.#log?.division ?? this.#division ?? null,
      written: { epoch: this.#start.epoch, bytes: this.#start.bytes + this.#accepted() },
    };
  }

  /** Position of the first byte that may not have been read. */
  get #settled(): number {
    return this.#start.bytes + this.#accepted() - this.#unreadBytes;
  }
}
