import { statfsSync, statSync } from 'node:fs';
import { RecordpipeError } from '../../errors.ts';
import { withFileErrors } from '../job/config-file.ts';

/** Binary units for sizes in messages. */
const UNITS = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
const MORE_SPACE =
  'free disk space, use a root folder on another disk (root), or read the channel in Pipe mode (inputMode), which needs no space';

/** Number of bytes that the downloads of this process have yet to write, by device. */
const unwritten = new Map<number, number>();

/**
 * A claim on disk space for a download. Several channels and hosts may be filled at the same time
 * on one disk.
 */
export class SpaceClaim {
  readonly #device: number;
  #left: number;

  /**
   * @param folder an existing folder on the disk
   * @param bytes total size of the files to write
   * @throws RecordpipeError `io-failure` if the disk does not have enough space
   */
  constructor(folder: string, bytes: number) {
    const { bavail, bsize } = withFileErrors(folder, () => statfsSync(folder));
    this.#device = withFileErrors(folder, () => statSync(folder).dev);
    const claimed = unwritten.get(this.#device) ?? 0;
    const free = Math.max(bavail * bsize - claimed, 0);
    if (bytes > free) {
      const others = claimed > 0 ? ' after the other downloads' : '';
      const what = `the channel needs ${sizeText(bytes)}, but its disk has only ${sizeText(free)} free${others}; ${MORE_SPACE}`;
      throw new RecordpipeError('io-failure', what, { uri: folder });
    }
    this.#left = 0;
    this.#claim(bytes);
  }

  /** Records that bytes have been written. */
  written(bytes: number): void {
    this.#claim(-Math.min(bytes, this.#left));
  }

  /** Ends the claim. May be called more than once. */
  release(): void {
    this.#claim(-this.#left);
  }

  #claim(bytes: number): void {
    this.#left += bytes;
    unwritten.set(this.#device, (unwritten.get(this.#device) ?? 0) + bytes);
  }
}

/** Returns the error for a failed download. For a full disk, adds the next step. */
export function fullDisk(error: unknown, folder: string): unknown {
  const { code, cause } = error as NodeJS.ErrnoException;
  const system = (cause as NodeJS.ErrnoException | undefined)?.code ?? code;
  if (system !== 'ENOSPC' && system !== 'EDQUOT') return error;
  const full =
    system === 'ENOSPC' ? 'no space is left on the disk of the channel' : 'the disk quota is exhausted';
  return new RecordpipeError('io-failure', `${full}; ${MORE_SPACE}`, { uri: folder }, error);
}

function sizeText(bytes: number): string {
  const unit = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  return `${unit === 0 ? bytes : (bytes / 1024 ** unit).toFixed(1)} ${UNITS[unit]}`;
}
