import { closeSync, constants, openSync, readdirSync, readlinkSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileError } from '../../../storage/local/file-errors.ts';
import type { OwnFifo } from './open-fifo.ts';
import { hasReader } from './open-fifo.ts';

const FIRST_POLL_MS = 2;
const MAX_POLL_MS = 50;
const BLOCK_BYTES = 64 * 1024;

/**
 * Finds out what a reader leaves unread in a pipe: up to 64 KiB are in the kernel when the writer is done, and are lost
 * with the last descriptor. So a reading end of our own keeps them until everybody else has closed the pipe.
 */
export class UnreadBytes {
  readonly #fifo: OwnFifo;
  readonly #descriptor: number;

  private constructor(fifo: OwnFifo, descriptor: number) {
    this.#fifo = fifo;
    this.#descriptor = descriptor;
  }

  /**
   * To be made when everything is written and the writing end is still open: as long as it exists, a writer is not
   * told that the reader has gone. Undefined if the reader cannot be watched: a process of another user or container.
   * @throws RecordpipeError `io-failure`, `source-changed`
   */
  static of(fifo: OwnFifo): UnreadBytes | undefined {
    if (hasReader(fifo) && readersOf(fifo).length === 0 && hasReader(fifo)) return undefined;
    try {
      const flags = constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW;
      return new UnreadBytes(fifo, openSync(fifo.path, flags));
    } catch (error) {
      throw fileError(error, fifo.path);
    }
  }

  /** Waits until nobody else has the pipe open; how many bytes are left in it. 0 if the signal fires before. */
  async count(signal: AbortSignal): Promise<number> {
    let readers = readersOf(this.#fifo, this.#descriptor);
    for (let pause = FIRST_POLL_MS; readers.length > 0; pause = Math.min(2 * pause, MAX_POLL_MS)) {
      if (signal.aborted) return 0;
      await sleep(pause);
      // Those that are known first: all processes take many times as long.
      readers = readersOf(this.#fifo, this.#descriptor, readers);
      if (readers.length === 0) readers = readersOf(this.#fifo, this.#descriptor);
    }
    return this.#readAll();
  }

  #readAll(): number {
    const block = new Uint8Array(BLOCK_BYTES);
    let count = 0;
    try {
      for (let read = 1; read > 0; count += read) read = readSync(this.#descriptor, block);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw fileError(error, this.#fifo.path);
    }
    return count;
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}

/** The processes that have the pipe open, among `processes`; `except` is a descriptor of this process that does not count. */
function readersOf(fifo: OwnFifo, except?: number, processes: readonly string[] = allProcesses()): string[] {
  return processes.filter((pid) => {
    const folder = `/proc/${pid}/fd`;
    return listed(folder).some((descriptor) => {
      if (Number(pid) === process.pid && Number(descriptor) === except) return false;
      return isThis(`${folder}/${descriptor}`, fifo);
    });
  });
}

function allProcesses(): string[] {
  return listed('/proc').filter((name) => /^\d+$/.test(name));
}

function listed(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // gone, or somebody else's
  }
}

function isThis(path: string, { dev, ino }: OwnFifo): boolean {
  try {
    if (!readlinkSync(path).startsWith('/')) return false; // a socket, a pipe without a name, …
    const stat = statSync(path, { bigint: true });
    return stat.isFIFO() && String(stat.dev) === dev && String(stat.ino) === ino;
  } catch {
    return false;
  }
}
