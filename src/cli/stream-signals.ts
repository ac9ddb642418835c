import type { TrainingProgram } from 'recordpipe/streamer';
import { stoppedBy } from './interrupt.ts';

const NAMES = ['SIGINT', 'SIGTERM'] as const;
type Name = (typeof NAMES)[number];

/** What `stream` does at signals: without a program it ends at once; with one it passes them on and ends with the program. A second one ends the program at once. */
export class StreamSignals {
  readonly #controller = new AbortController();
  #program: TrainingProgram | undefined;
  #first: Name | undefined;

  constructor() {
    for (const name of NAMES) process.on(name, this.#take);
  }

  /** Fires when the streaming has to end. */
  get stop(): AbortSignal {
    return this.#controller.signal;
  }

  /** The exit code that belongs to the signal that came, where no program says another. */
  get exitCode(): number | undefined {
    return this.#first === undefined || this.#program !== undefined ? undefined : stoppedBy(this.#first);
  }

  passTo(program: TrainingProgram): void {
    this.#program = program;
    if (this.#first !== undefined) program.signal(this.#first);
  }

  end(): void {
    for (const name of NAMES) process.removeListener(name, this.#take);
  }

  readonly #take = (name: Name): void => {
    const again = this.#first !== undefined;
    this.#first ??= name;
    if (this.#program === undefined) {
      if (again) process.exit(stoppedBy(name));
      this.#controller.abort(new Error(name));
      return;
    }
    // A terminal has sent its interrupt to the program as well.
    if (again) this.#program.signal('SIGKILL');
    else if (name !== 'SIGINT' || !process.stdin.isTTY) this.#program.signal(name);
  };
}
