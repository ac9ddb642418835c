import { RecordpipeError, sentenceOf } from '../../errors.ts';

/**
 * A failure while a channel is read: a {@link RecordpipeError} with the channel and the epoch.
 *
 * @example
 * ```ts
 * import { mkdirSync, writeFileSync } from 'node:fs';
 * import { PipeModeDataset, PipeModeError } from 'recordpipe/pipemode';
 * mkdirSync('errors');
 * writeFileSync('errors/inputdataconfig.json', '{"train": {"TrainingInputMode": "Pipe"}}');
 * writeFileSync('errors/train_0', 'this is not RecordIO');
 * try {
 *   await new PipeModeDataset('train', { pipeDir: 'errors', stateDir: 'errors', configDir: 'errors' }).count();
 * } catch (error) {
 *   if (error instanceof PipeModeError) console.log(error.code, error.channel, error.epoch, error.record); // bad-magic train 0 0
 * }
 * ```
 */
export class PipeModeError extends RecordpipeError {
  override readonly name = 'PipeModeError';
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
