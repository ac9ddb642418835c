import { join } from 'node:path';
import { withFileLock } from './file-lock.ts';
import { hasIndex, readIndex, writeIndex } from './index-file.ts';

/** How a channel's index is kept. */
export interface IndexOptions {
  readonly stateDir: string;
  /** `flock`: locked against other processes; `none`: against others in this process only. */
  readonly lock: 'flock' | 'none';
  readonly lockTimeoutMs: number;
  /** Whether the state file is read as the original does. */
  readonly lenient: boolean;
}

/** Turns of this process on channels that are not locked, by state file. */
const turns = new Map<string, Promise<unknown>>();

/**
 * Which epoch of a channel comes next: the state file and the lock file of SageMaker's own readers, so that these, earlier processes and others on the
 * machine take epochs in turn with us.
 */
export class ChannelIndex {
  readonly statePath: string;
  readonly lockPath: string;
  readonly #options: IndexOptions;

  constructor(channel: string, options: IndexOptions) {
    this.statePath = join(options.stateDir, `.${channel}-pipe_mode-state`);
    this.lockPath = join(options.stateDir, `.${channel}-pipe_mode-lock`);
    this.#options = options;
  }

  /** Whether somebody has moved the index on from `epoch`, as far as can be seen without the lock: while the original writes, nothing can. */
  hasLeft(epoch: number): boolean {
    try {
      return readIndex(this.statePath, false) > epoch;
    } catch {
      return false;
    }
  }

  /**
   * One locked read-modify-write. A state file that is not there is made, as the original does before anything else.
   * @param change gets the index; undefined leaves it
   * @throws RecordpipeError `pipe-timeout`, `malformed-state`, `aborted`, `access-denied`, `io-failure`; whatever `change` throws
   */
  async update(
    signal: AbortSignal | undefined,
    change: (index: number) => Promise<number | undefined>,
  ): Promise<void> {
    const { lock, lockTimeoutMs, lenient } = this.#options;
    const work = async (): Promise<void> => {
      const missing = !hasIndex(this.statePath);
      const index = readIndex(this.statePath, lenient);
      const changed = await change(index);
      if (changed !== undefined || missing) await writeIndex(this.statePath, changed ?? index);
    };
    if (lock === 'none') await inTurn(this.statePath, work);
    else await withFileLock(this.lockPath, { timeoutMs: lockTimeoutMs, signal }, work);
  }
}

async function inTurn(path: string, work: () => Promise<void>): Promise<void> {
  const turn = (turns.get(path) ?? Promise.resolve()).then(work, work);
  turns.set(path, turn);
  try {
    await turn;
  } finally {
    if (turns.get(path) === turn) turns.delete(path);
  }
}
