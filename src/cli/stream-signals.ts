import { constants } from 'node:os';
import { isatty } from 'node:tty';
import type { TrainingProgram } from 'recordpipe/pipemode/streamer';

const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
type Ending = (typeof ENDING)[number];

const STDIN = 0;

/**
 * What `stream` does on signals. Without a program they end it. With one, which has a session of its own and hears
 * nothing from the terminal by itself, they are passed on, and `stream` ends with the program: a program that has not
 * ended after its grace period is killed, and a second signal kills it at once. Only Ctrl-C in a terminal has no such
 * limit, because a program may mean to continue.
 */
export class StreamSignals {
  readonly #controller = new AbortController();
  #program: TrainingProgram | undefined;
  #first: Ending | undefined;

  constructor() {
    for (const name of ENDING) process.on(name, this.#take);
  }

  /** Fires when the streaming has to end. */
  get stop(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether a signal came. */
  get came(): boolean {
    return this.#first !== undefined;
  }

  /** The exit code for the signal that came, unless the program ended by itself and has one of its own. */
  get exitCode(): number | undefined {
    if (this.#first === undefined || this.#program?.killed === false) return undefined;
    return exitCodeOf(this.#first);
  }

  passTo(program: TrainingProgram): void {
    this.#program = program;
    process.on('SIGTSTP', this.#suspend);
    process.on('SIGCONT', this.#pass);
    process.on('SIGWINCH', this.#pass);
  }

  end(): void {
    for (const name of ENDING) process.removeListener(name, this.#take);
    process.removeListener('SIGTSTP', this.#suspend);
    process.removeListener('SIGCONT', this.#pass);
    process.removeListener('SIGWINCH', this.#pass);
  }

  readonly #take = (name: Ending): void => {
    const again = this.#first !== undefined;
    this.#first ??= name;
    const program = this.#program;
    if (program === undefined) {
      if (again) process.exit(exitCodeOf(name));
      this.#controller.abort(new Error(name));
    } else if (again) program.kill();
    else if (name === 'SIGINT' && isatty(STDIN)) program.signal(name);
    else void program.stop(name);
  };

  readonly #pass = (name: 'SIGCONT' | 'SIGWINCH'): void => this.#program?.signal(name);

  /** Ctrl-Z: a group without a shell in its session ignores SIGTSTP. */
  readonly #suspend = (): void => {
    this.#program?.signal('SIGSTOP');
    process.kill(process.pid, 'SIGSTOP');
  };
}

function exitCodeOf(name: Ending): number {
  return 128 + constants.signals[name];
}
