import { dirname } from 'node:path';
import { isRecordpipeError, RecordpipeError } from '../../../errors.ts';
import { makeFolder } from '../../../storage/local/make-folder.ts';
import { removeLeftTemporaries, replaceFileSync } from '../../../storage/local/temporary-file.ts';
import { readSmallFile, withFileErrors } from '../../job/config-file.ts';
import { type CheckpointOptions, DEFAULT_CHECKPOINT_EVERY_MS } from '../streamer-options.ts';
import {
  type ChannelCheckpoint,
  isStreamCheckpoint,
  type StreamCheckpoint,
  streamCheckpoint,
} from './stream-checkpoint.ts';

/** Writes the positions of all channels to a file, which is replaced atomically. */
export class CheckpointFile {
  readonly #options: CheckpointOptions;
  readonly #channels: () => Readonly<Record<string, ChannelCheckpoint | undefined>>;
  readonly #onWrite: (checkpoint: StreamCheckpoint) => void;
  readonly #onFailure: (error: RecordpipeError) => void;
  #timer: ReturnType<typeof setInterval> | undefined;
  #written = '';

  /**
   * @param channels returns the positions; nothing is written while one is undefined
   * @param onFailure called if the file cannot be written, which does not end the run
   */
  constructor(
    options: CheckpointOptions,
    channels: () => Readonly<Record<string, ChannelCheckpoint | undefined>>,
    onWrite: (checkpoint: StreamCheckpoint) => void,
    onFailure: (error: RecordpipeError) => void,
  ) {
    this.#options = options;
    this.#channels = channels;
    this.#onWrite = onWrite;
    this.#onFailure = onFailure;
  }

  /**
   * Starts writing.
   * @throws RecordpipeError `already-exists` if the path is that of another file, or of a checkpoint
   *   that must not be replaced; `access-denied`, `io-failure`
   */
  start(): void {
    const { path, everyMs = DEFAULT_CHECKPOINT_EVERY_MS, overwrite = false } = this.#options;
    makeFolder(dirname(path));
    const kind = kindOf(path);
    if (kind === 'other')
      throw new RecordpipeError('already-exists', 'is not a checkpoint of a streamer; choose another path', {
        uri: path,
      });
    if (kind === 'checkpoint' && !overwrite)
      throw new RecordpipeError(
        'already-exists',
        'is a checkpoint of a different run; resume that run, remove the file, or overwrite it',
        { uri: path },
      );
    withFileErrors(path, () => removeLeftTemporaries(path));
    this.#timer = setInterval(() => this.write(), everyMs);
    this.#timer.unref();
  }

  /** Writes the positions now, unless nothing changed. */
  write(): void {
    const channels = this.#channels();
    if (Object.values(channels).includes(undefined)) return;
    const checkpoint = streamCheckpoint(channels as Record<string, ChannelCheckpoint>);
    const text = `${JSON.stringify(checkpoint)}\n`;
    if (text === this.#written) return;
    const { path } = this.#options;
    try {
      withFileErrors(path, () => replaceFileSync(path, text, { sync: true }));
      this.#written = text;
      this.#onWrite(checkpoint);
    } catch (error) {
      if (!isRecordpipeError(error)) throw error;
      this.#onFailure(error);
    }
  }

  /** Stops writing after a last write. */
  end(): void {
    if (this.#timer === undefined) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.write();
  }
}

function kindOf(path: string): 'none' | 'checkpoint' | 'other' {
  let text: string;
  try {
    text = readSmallFile(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 'none';
    return withFileErrors(path, () => {
      throw error;
    });
  }
  try {
    return isStreamCheckpoint(JSON.parse(text)) ? 'checkpoint' : 'other';
  } catch {
    return 'other';
  }
}
