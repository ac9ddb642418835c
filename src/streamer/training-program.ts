import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileError } from '../bytes/file-errors.ts';
import { RecordpipeError } from '../errors.ts';

/** After being asked to end, a program has so long to save what it has. */
const GRACE_MS = 10_000;

/** A training program that runs beside the streamer. */
export class TrainingProgram {
  readonly #child: ChildProcess;
  /** Its exit code; 128 and the signal's number where a signal ended it. Rejected where it could not be started. */
  readonly ended: Promise<number>;
  #running = true;

  /** @param command the program and its arguments; standard streams are this process's own */
  constructor(command: readonly string[], environment: Readonly<Record<string, string>>) {
    const [program, ...rest] = command;
    this.#child = spawn(program, rest, { stdio: 'inherit', env: { ...process.env, ...environment } });
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', (error) => {
        this.#running = false;
        reject(notStarted(error, program));
      });
      this.#child.on('exit', (code, signal) => {
        this.#running = false;
        resolve(code ?? 128 + constants.signals[signal as NodeJS.Signals]);
      });
    });
    this.ended.catch(() => {});
  }

  get running(): boolean {
    return this.#running;
  }

  /** Passes a signal on. */
  signal(signal: NodeJS.Signals): void {
    if (this.#running) this.#child.kill(signal);
  }

  /** Asks the program to end, and ends it where it does not. */
  async stop(graceMs: number = GRACE_MS): Promise<void> {
    if (!this.#running) return;
    this.signal('SIGTERM');
    const timer = setTimeout(() => this.signal('SIGKILL'), graceMs);
    await this.ended.catch(() => {});
    clearTimeout(timer);
  }
}

function notStarted(error: Error, program: string): RecordpipeError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT')
    return new RecordpipeError(
      'not-found',
      `the program ${program} is not there; check its name and PATH`,
      {},
      error,
    );
  return fileError(error, program);
}
