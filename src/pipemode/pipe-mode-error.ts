import { RecordpipeError, sentenceOf } from '../errors.ts';

/**
 * A failure while a channel is read: a {@link RecordpipeError} that also says which channel, and which epoch of it.
 *
 * @example
 * ```ts
 * import { PipeModeDataset, PipeModeError } from 'recordpipe/pipemode';
 * try {
 *   for await (const record of new PipeModeDataset('train')) console.log(record.length);
 * } catch (error) {
 *   if (error instanceof PipeModeError) console.log(error.channel, error.epoch, error.record, error.offset);
 * }
 * ```
 */
export class PipeModeError extends RecordpipeError {
  readonly channel: string;
  /** Undefined before a pipe was taken. */
  readonly epoch: number | undefined;

  constructor(channel: string, epoch: number | undefined, failure: RecordpipeError) {
    const where = epoch === undefined ? `channel ${channel}` : `channel ${channel}, epoch ${epoch}`;
    super(failure.code, `${where}: ${sentenceOf(failure)}`, failure, failure.cause);
    this.channel = channel;
    this.epoch = epoch;
  }
}
