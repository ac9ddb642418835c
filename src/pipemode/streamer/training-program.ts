import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { checkWhole } from '../../formats/codec-options.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import {
  PROGRAM_VARIABLE,
  ProgramGuard,
  type ProgramMark,
  processesOf,
  programId,
  type SeenProcesses,
  send,
} from './program-guard.ts';

/** How a training program is ended. */
export interface TrainingProgramOptions {
  /** How long it may take to end after SIGTERM before all its processes get SIGKILL. Default 10,000 ms. */
  readonly graceMs?: number | undefined;
}

const GRACE_MS = 10_000;
/** How often the processes that are to end are looked for. */
const FIRST_POLL_MS = 5;
const MAX_POLL_MS = 100;
/** How long SIGKILL is repeated, for processes that were being forked at the first one. */
const KILL_MS = 500;

/**
 * A training program that runs beside the streamer, in a session and process group of its own, so that it can be
 * stopped with everything it started: a process that outlived it would read the end of a pipe that broke off as the
 * end of its data. It keeps this process's standard streams and can read a terminal on them; `/dev/tty` is not
 * available to it, and a terminal's Ctrl-C reaches it through {@link signal} only. If this process is killed or
 * crashes, a small guard process stops the program.
 *
 * @example
 * ```ts
 * import { mkdirSync, writeFileSync } from 'node:fs';
 * import { PipeModeStreamer, TrainingProgram } from 'recordpipe/pipemode/streamer';
 * mkdirSync('lines');
 * writeFileSync('lines/a.txt', 'one\ntwo\n');
 * const channels = [{ name: 'train', uri: 'lines' }];
 * const streamer = new PipeModeStreamer({ channels, pipeDir: 'fifos', epochs: 1 });
 * const running = streamer.run();
 * await streamer.ready;
 * const program = new TrainingProgram(['sh', '-c', 'test "$(wc -l < fifos/train_0)" -eq 2'], {});
 * streamer.supervise(program);
 * console.log(await program.ended); // 0
 * await program.stop(); // and what it started
 * await running;
 * ```
 */
export class TrainingProgram {
  readonly #child: ChildProcess;
  readonly #id: string = programId();
  readonly #graceMs: number;
  /** The exit code of the process that was started; 128 plus the number of the signal that ended it. Rejects if it could not be started. */
  readonly ended: Promise<number>;
  #running = true;
  #killed = false;
  /** Stops the program if this process is killed. */
  readonly #guard: ProgramGuard | undefined;
  /** Processes that were found: they stay part of the program when their parents are gone. */
  readonly #seen: SeenProcesses = new Set();
  #stopping: Promise<void> | undefined;

  /**
   * @param command the program and its arguments; standard streams are this process's own
   * @throws UsageError for a command without a program, or a grace period that is not a whole number of milliseconds
   */
  constructor(
    command: readonly string[],
    environment: Readonly<Record<string, string>>,
    { graceMs = GRACE_MS }: TrainingProgramOptions = {},
  ) {
    if (typeof command[0] !== 'string' || command[0] === '')
      throw new UsageError('command: expected a program and its arguments');
    checkWhole('graceMs', graceMs, 0, 2 ** 31 - 1);
    this.#graceMs = graceMs;
    const [program, ...rest] = command;
    this.#child = spawn(program, rest, {
      stdio: 'inherit',
      detached: true,
      env: { ...process.env, ...environment, [PROGRAM_VARIABLE]: this.#id },
    });
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
    this.#guard = this.mark && new ProgramGuard(this.mark, graceMs);
  }

  /** Whether the process that was started still runs; others of the program may run after it. */
  get running(): boolean {
    return this.#running;
  }

  /** Whether a process had to be ended by SIGKILL. */
  get killed(): boolean {
    return this.#killed;
  }

  /** How the processes of the program are recognised; undefined if it could not be started. */
  get mark(): ProgramMark | undefined {
    const leader = this.#child.pid;
    return leader === undefined ? undefined : { leader, id: this.#id };
  }

  /** Guards the writing end of a pipe that the program reads against the death of this process; undefined if it does not run. */
  guard(pipe: number): ProgramGuard | undefined {
    const { mark } = this;
    return mark === undefined || !this.#running ? undefined : new ProgramGuard(mark, this.#graceMs, pipe);
  }

  /** Sends a signal to the process group of the program, as a terminal does. */
  signal(signal: NodeJS.Signals): void {
    if (this.mark !== undefined && this.#running) send(-this.mark.leader, signal);
  }

  /**
   * Ends the program: `signal` for all of its processes, SIGKILL for those that are left after the grace period.
   * Fulfilled when none is left. Later calls wait for the first.
   */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#stopping ??= this.#stop(signal);
    return this.#stopping;
  }

  /** Ends all processes of the program at once. */
  kill(): void {
    this.#killed = this.#signalAll('SIGKILL') || this.#killed;
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    const { mark } = this;
    if (mark === undefined) return;
    const graceEnds = performance.now() + this.#graceMs;
    this.#signalAll(signal);
    let pause = FIRST_POLL_MS;
    while (processesOf(mark, this.#seen).length > 0) {
      const rest = graceEnds - performance.now();
      // A process with SIGKILL pending never runs again, even if the kernel cannot end it yet.
      if (rest < -KILL_MS) break;
      if (rest <= 0) this.kill();
      await sleep(rest <= 0 ? FIRST_POLL_MS : Math.min(pause, rest));
      pause = Math.min(2 * pause, MAX_POLL_MS);
    }
    await this.#guard?.release();
  }

  /** @returns whether any process got it */
  #signalAll(signal: NodeJS.Signals): boolean {
    const { mark } = this;
    const found = mark === undefined ? [] : processesOf(mark, this.#seen);
    if (mark === undefined || found.length === 0) return false;
    // The group by one call, which misses no process that is being forked; then those that left it.
    send(-mark.leader, signal);
    for (const { pid, group } of found) if (group !== mark.leader) send(pid, signal);
    if (signal !== 'SIGKILL') send(-mark.leader, 'SIGCONT'); // one that is stopped would not hear it
    return true;
  }
}

function notStarted(error: Error, program: string): RecordpipeError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT')
    return new RecordpipeError(
      'not-found',
      `no such program: ${program}; check its name and PATH`,
      {},
      error,
    );
  return fileError(error, program);
}
