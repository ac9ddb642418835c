import { isatty } from 'node:tty';
import { SIGNAL_EXIT_CODES, SIGNALS, type TerminatingSignal } from './interrupt.ts';

const STDIN = 0;

/** A program or job that a signal can stop. */
export interface SignalTarget {
  /** Whether a process received SIGKILL. */
  readonly killed: boolean;
  /** Forwards a signal. */
  signal(signal: NodeJS.Signals): void;
  /** Sends `signal` to all processes, and SIGKILL after the grace period. */
  stop(signal: NodeJS.Signals): Promise<void>;
  kill(): void;
}

/**
 * Handles the signals of `stream` and `train`. Without a program, a signal stops streaming. A
 * program runs in its own session, so the terminal does not signal it; the command forwards signals
 * and exits when the program does. A program that outlives its grace period is killed; a second
 * signal kills it immediately. Ctrl-C in a terminal has no such limit, because a program may intend
 * to continue.
 */
export class StreamSignals {
  readonly #controller = new AbortController();
  #program: SignalTarget | undefined;
  #first: TerminatingSignal | undefined;

  constructor() {
    for (const name of SIGNALS) process.on(name, this.#take);
  }

  /** Signal that fires when streaming must stop. */
  get stop(): AbortSignal {
    return this.#controller.signal;
  }

  /** Whether a signal was received. */
  get received(): boolean {
    return this.#first !== undefined;
  }

  /**
   * Exit code for the received signal; undefined if the program exited by itself with its own exit
   * code.
   */
  get exitCode(): number | undefined {
    if (this.#first === undefined || this.#program?.killed === false) return undefined;
    return SIGNAL_EXIT_CODES[this.#first];
  }

  /** Exit code of a process that the received signal ends. */
  get signalCode(): number {
    return SIGNAL_EXIT_CODES[this.#first ?? 'SIGTERM'];
  }

  passTo(program: SignalTarget): void {
    this.#program = program;
    process.on('SIGTSTP', this.#suspend);
    process.on('SIGCONT', this.#pass);
    process.on('SIGWINCH', this.#pass);
  }

  end(): void {
    for (const name of SIGNALS) process.removeListener(name, this.#take);
    process.removeListener('SIGTSTP', this.#suspend);
    process.removeListener('SIGCONT', this.#pass);
    process.removeListener('SIGWINCH', this.#pass);
  }

  readonly #take = (name: TerminatingSignal): void => {
    const again = this.#first !== undefined;
    this.#first ??= name;
    const program = this.#program;
    if (program === undefined) {
      if (again) process.exit(SIGNAL_EXIT_CODES[name]);
      this.#controller.abort(new Error(name));
    } else if (again) program.kill();
    else if (name === 'SIGINT' && isatty(STDIN)) program.signal(name);
    else void program.stop(name);
  };

  readonly #pass = (name: 'SIGCONT' | 'SIGWINCH'): void => this.#program?.signal(name);

  /**
   * Handles Ctrl-Z by sending SIGSTOP, because a process group without a shell in its session
   * ignores SIGTSTP.
   */
  readonly #suspend = (): void => {
    this.#program?.signal('SIGSTOP');
    process.kill(process.pid, 'SIGSTOP');
  };
}
