/** How long a thread may be held before others get a turn. */
const TURN_MS = 20;
/** Between two looks at the clock, which cost 40 ns each. */
const LOOK_MS = 2;
const MAX_STEPS = 4096;

/**
 * Gives the thread's other work a turn every 20 ms where a chain never waits by itself. Timers, sockets and abort signals would
 * starve behind a chain of promises that are all resolved already.
 */
export class Turns {
  #last: number = performance.now();
  #looked: number = this.#last;
  #stride = 16;
  #left = 16;

  /** Counts one element; true when it is time for {@link take}. */
  due(): boolean {
    return --this.#left <= 0 && this.#look();
  }

  /** Lets everything else that is waiting run. */
  take(): Promise<void> {
    return new Promise((resolve) => {
      setImmediate(() => {
        this.#last = performance.now();
        this.#looked = this.#last;
        resolve();
      });
    });
  }

  #look(): boolean {
    const now = performance.now();
    if (now - this.#looked < LOOK_MS) this.#stride = Math.min(2 * this.#stride, MAX_STEPS);
    else this.#stride = Math.max(this.#stride >> 1, 1);
    this.#looked = now;
    this.#left = this.#stride;
    return now - this.#last > TURN_MS;
  }
}

/** What the operators of one iteration know of it. */
export class Iteration {
  /** Which iteration this is, from 0: with a seed, what decides the order. */
  readonly index: number;
  readonly turns: Turns;

  constructor(index: number, turns: Turns = new Turns()) {
    this.index = index;
    this.turns = turns;
  }

  /** The same run, seen from inside a repetition. */
  at(index: number): Iteration {
    return new Iteration(index, this.turns);
  }
}

/** Numbers the iterations of a dataset and of all that is derived from it. */
export class Epochs {
  /** Whether an operator before this one shuffles. */
  readonly seeded: boolean;
  #next = 0;

  constructor(seeded = false) {
    this.seeded = seeded;
  }

  begin(): number {
    return this.#next++;
  }
}
