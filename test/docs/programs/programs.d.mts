import type { ChildProcess } from 'node:child_process';

export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Where a program runs. */
export interface Place {
  readonly folder: string;
  /** Runs the program, or another command, to its end. */
  run(env?: NodeJS.ProcessEnv, onStart?: (child: ChildProcess) => unknown, command?: string[]): Promise<Ran>;
}

export interface Program {
  /** Name of its task and solution. */
  readonly name: string;
  /** Name of the solution in the folder of the program. */
  readonly file: string;
  /**
   * Writes the data, and returns what the check expects. One program needs an S3 service with the
   * bucket `bucket`; by default, it starts in its own process.
   */
  prepare(
    folder: string,
    startStore?: () => Promise<{ readonly url: string; close(): unknown }>,
  ): Promise<unknown>;
  /** Throws an error that says what is wrong with the program. */
  check(place: Place, expected: unknown): Promise<void>;
}

export const PROGRAMS: readonly Program[];
