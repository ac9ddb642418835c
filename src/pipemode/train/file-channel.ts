import { RecordpipeError } from '../../errors.ts';
import type { ObjectOptions } from '../../storage/object-options.ts';
import type { Hosts } from '../job/resource-config.ts';
import type { StreamChannel } from '../job/stream-channel.ts';

/** A channel whose data is available as files: in File or FastFile mode. */
export interface FileChannel extends StreamChannel {
  readonly inputMode: 'Pipe' | 'File' | 'FastFile';
}

/** How much of a channel has been downloaded. The totals are undefined until they are known. */
export interface FillProgress {
  /** Name of the channel. */
  readonly channel: string;
  readonly files: number;
  readonly bytes: number;
  readonly totalFiles?: number | undefined;
  readonly totalBytes?: number | undefined;
}

/** Options for filling a channel. Every field except `hosts` has a default. */
export interface FillOptions {
  /** The current host and all hosts that receive the channel, for `ShardedByS3Key`. */
  readonly hosts: Hosts;
  /** Options for accessing objects. */
  readonly objects?: Partial<ObjectOptions> | undefined;
  /**
   * What to do with an existing folder or link of an earlier run. `refuse`, the default: an
   * `already-exists` error. `clear`: remove it.
   */
  readonly existing?: 'refuse' | 'clear' | undefined;
  /** Signal that ends the download with an `aborted` error. */
  readonly signal?: AbortSignal | undefined;
  /** Called when files and bytes arrive. */
  readonly onProgress?: ((progress: FillProgress) => void) | undefined;
  readonly onWarning?: ((code: string, message: string) => void) | undefined;
}

/** A channel whose files are in place. */
export interface FilledChannel {
  readonly files: number;
  readonly bytes: number;
  /** Ends the mount of a FastFile channel. Files and links remain. */
  close(): Promise<void>;
}

/**
 * Makes the data of a channel available as files in a folder, as SageMaker's File and FastFile mode
 * do.
 *
 * @param folder the folder of the channel, such as `/opt/ml/input/data/train`; its parent exists
 */
export async function fillChannel(
  channel: FileChannel,
  folder: string,
  _options: FillOptions,
): Promise<FilledChannel> {
  const what = `channel ${channel.name}: File mode is not supported yet`;
  throw new RecordpipeError('unsupported-source', what, { uri: folder });
}
