import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkOptionNames } from '../../bytes/arguments.ts';
import { RecordpipeError, UsageError } from '../../errors.ts';
import { checkWhole } from '../../formats/codec-options.ts';
import { fileError } from '../../storage/local/file-errors.ts';
import {
  type GuardOptions,
  PROGRAM_VARIABLE,
  ProgramGuard,
  type ProgramMark,
  processesOf,
  programId,
  type SeenProcesses,
  send,
} from './program-guard.ts';
import { type OnProgramLine, ProgramOutput } from './program-output.ts';

/** Options for running and stopping a training program. */
export interface TrainingProgramOptions {
  /** Time between SIGTERM and SIGKILL. The default is 10,000 ms. */
  readonly graceMs?: number | undefined;
  /**
   * The standard streams of the program. `inherit`, the default: those of this process. `lines`:
   * the input is empty, and `onLine` receives each line of output as soon as it is written. Python
   * buffers output that is not a terminal; set `PYTHONUNBUFFERED=1`, as SageMaker's containers do.
   */
  readonly stdio?: 'inherit' | 'lines' | undefined;
  /** Receives the lines of the output if `stdio` is `lines`. */
  readonly onLine?: OnProgramLine | undefined;
  /** The working directory of the program. The default is that of this process. */
  readonly cwd?: string | undefined;
  /**
   * A command that ends processes which signals from this process do not reach, such as those of a
   * container. It runs whenever processes of the program are killed, and at the end of `stop`. It
   * must finish within seconds.
   */
  readonly killCommand?: readonly string[] | undefined;
}

const OPTIONS: Readonly<Record<keyof TrainingProgramOptions, true>> = {
  graceMs: true,
  stdio: true,
  onLine: true,
  cwd: true,
  killCommand: true,
};

const GRACE_MS = 10_000;
/** Initial interval between checks for processes that should exit. */
const FIRST_POLL_MS = 5;
const MAX_POLL_MS = 100;
/**
 * Time during which SIGKILL is repeated, for processes that were forked during the first SIGKILL.
 */
const KILL_MS = 500;
const MAX_KILL_COMMAND_MS = 20_000;
/** Maximum time to wait for the receiver of output after the program has stopped. */
const MAX_OUTPUT_MS = 2000;

/**
 * A training program that runs alongside the streamer in its own session and process group, so that
 * it can be stopped together with all processes that it started. A surviving process would treat a
 * premature end of a pipe as the end of its data.
 *
 * The program inherits the standard streams of this process, including a terminal, but cannot open
 * `/dev/tty`. With `stdio: 'lines'`, it inherits none of them. Ctrl-C in the terminal reaches it
 * only through {@link signal}. If this process is killed or crashes, a small guard process stops
 * the program.
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
  /**
   * Resolves with the exit code of the started process, or with 128 plus the signal that ended it,
   * once its output is delivered. Rejects if the process cannot be started.
   */
  readonly ended: Promise<number>;
  #running = true;
  #killed = false;
  /** The guard that stops the program if this process is killed. */
  readonly #guard: ProgramGuard;
  readonly #killCommand: readonly string[] | undefined;
  readonly #output: ProgramOutput | undefined;
  /** Known processes, which remain part of the program after their parents have ended. */
  readonly #seen: SeenProcesses = new Set();
  #stopping: Promise<void> | undefined;
  #killing: Promise<void> | undefined;

  /**
   * Starts the program.
   * @param command the program and its arguments
   * @throws UsageError for a command without a program, or an invalid grace period
   * @throws RecordpipeError `not-found`, `io-failure` for a program that cannot be started, if the
   *   system reports it at once; otherwise, `ended` rejects
   */
  constructor(
    command: readonly string[],
    environment: Readonly<Record<string, string>>,
    options: TrainingProgramOptions = {},
  ) {
    checkOptionNames('TrainingProgram', options, OPTIONS);
    const { graceMs = GRACE_MS, stdio = 'inherit', onLine = () => {}, cwd, killCommand } = options;
    if (stdio !== 'inherit' && stdio !== 'lines')
      throw new UsageError(`stdio: expected inherit or lines, got ${String(stdio)}`);
    if (typeof command[0] !== 'string' || command[0] === '')
      throw new UsageError('command: expected a program and its arguments');
    checkWhole('graceMs', graceMs, 0, 2 ** 31 - 1);
    this.#graceMs = graceMs;
    this.#killCommand = killCommand;
    const [program, ...rest] = command;
    this.#guard = new ProgramGuard(this.#id, this.#stopOptions);
    try {
      this.#child = spawn(program, rest, {
        stdio: stdio === 'inherit' ? 'inherit' : ['ignore', 'pipe', 'pipe'],
        detached: true,
        cwd,
        env: { ...process.env, ...environment, [PROGRAM_VARIABLE]: this.#id },
      });
    } catch (error) {
      void this.#guard.release().catch(() => {});
      throw notStarted(error as Error, program);
    }
    if (this.#child.pid === undefined) void this.#guard.release().catch(() => {});
    else this.#guard.watch(this.#child.pid);
    const { stdout, stderr } = this.#child;
    // Without free descriptors, both are undefined.
    if (stdout && stderr) this.#output = new ProgramOutput(stdout, stderr, onLine);
    this.ended = new Promise((resolve, reject) => {
      this.#child.on('error', (error) => {
        this.#running = false;
        reject(notStarted(error, program));
      });
      this.#child.on('exit', (code, signal) => {
        this.#running = false;
        const exitCode = code ?? 128 + constants.signals[signal as NodeJS.Signals];
        void (this.#output?.drained() ?? Promise.resolve()).then(() => resolve(exitCode));
      });
    });
    this.ended.catch(() => {});
  }

  /**
   * Whether the started process is still running. Other processes of the program may outlive it.
   */
  get running(): boolean {
    return this.#running;
  }

  /** Whether a process received SIGKILL. */
  get killed(): boolean {
    return this.#killed;
  }

  /** Identification of the program's processes. Undefined if the start failed. */
  get mark(): ProgramMark | undefined {
    const leader = this.#child.pid;
    return leader === undefined ? undefined : { leader, id: this.#id };
  }

  /**
   * Guards the end of a pipe that the program reads, in case this process dies.
   * @param pipe a descriptor of the named pipe, which may be opened with O_PATH
   * @returns undefined if the program is not running
   */
  guard(pipe: number): ProgramGuard | undefined {
    const { mark } = this;
    if (mark === undefined || !this.#running) return undefined;
    return new ProgramGuard(mark.id, this.#stopOptions, pipe).watch(mark.leader);
  }

  get #stopOptions(): GuardOptions {
    return { graceMs: this.#graceMs, killCommand: this.#killCommand };
  }

  /** Sends a signal to the process group of the program, as a terminal does. */
  signal(signal: NodeJS.Signals): void {
    if (this.mark !== undefined && this.#running) send(-this.mark.leader, signal);
  }

  /**
   * Stops the program: sends `signal` to all of its processes, and SIGKILL to the remaining ones
   * after the grace period. Resolves once all of them have ended. Later calls wait for the first
   * one.
   */
  stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    this.#stopping ??= this.#stop(signal);
    return this.#stopping;
  }

  /** Kills all processes of the program. */
  kill(): void {
    this.#killed = this.#signalAll('SIGKILL') || this.#killed;
    this.#killing ??= this.#runKillCommand();
  }

  /** Ends processes that cannot be signaled. */
  async #runKillCommand(): Promise<void> {
    if (this.#killCommand === undefined) return;
    const [program, ...rest] = this.#killCommand;
    const child = spawn(program, rest, { stdio: 'ignore', timeout: MAX_KILL_COMMAND_MS });
    await once(child, 'close').catch(() => {}); // If the command is missing, nothing that it could end is running.
  }

  async #stop(signal: NodeJS.Signals): Promise<void> {
    const { mark } = this;
    if (mark === undefined) return;
    const graceEnds = performance.now() + this.#graceMs;
    this.#signalAll(signal);
    let pause = FIRST_POLL_MS;
    let killEnds = Number.POSITIVE_INFINITY;
    while (processesOf(mark, this.#seen).length > 0) {
      const now = performance.now();
      // A process with a pending SIGKILL never runs again, even if the kernel cannot end it yet.
      if (now > killEnds) break;
      const rest = graceEnds - now;
      if (rest <= 0) {
        // On a busy machine, the first check after the grace period may come much later.
        killEnds = Math.min(killEnds, now + KILL_MS);
        this.kill();
      }
      await sleep(rest <= 0 ? FIRST_POLL_MS : Math.min(pause, rest));
      pause = Math.min(2 * pause, MAX_POLL_MS);
    }
    await (this.#killing ?? this.#runKillCommand());
    await this.#guard.release();
    await this.#output?.finish(MAX_OUTPUT_MS);
  }

  /** Sends a signal to all processes of the program. @returns whether any process received it */
  #signalAll(signal: NodeJS.Signals): boolean {
    const { mark } = this;
    const found = mark === undefined ? [] : processesOf(mark, this.#seen);
    if (mark === undefined || found.length === 0) return false;
    // The whole group is signaled first, in a single call that misses no process that is being
    // forked. The processes that left the group follow.
    send(-mark.leader, signal);
    for (const { pid, group } of found) if (group !== mark.leader) send(pid, signal);
    if (signal !== 'SIGKILL') send(-mark.leader, 'SIGCONT'); // A stopped process would not handle the signal.
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
