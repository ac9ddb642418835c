import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileError } from '../../bytes/file-errors.ts';
import { PROGRAM_VARIABLE } from '../program-processes.ts';
import type { TrainingProgram } from '../training-program.ts';

/**
 * Waits for a line. If its input ends without one, this process has died: then every process of the program gets
 * SIGTERM, after the grace period SIGKILL, and only then the guard ends and the pipe with it.
 */
const SCRIPT = `leader=$1 mark=$2 tenths=$3
trap '' HUP INT QUIT TERM
read -r line && exit 0
left() {
  for file in $(grep -sl "$mark" /proc/[0-9]*/environ); do
    pid=\${file#/proc/} pid=\${pid%/environ}
    { read -r stat < /proc/$pid/stat; } 2>/dev/null || continue
    case "\${stat##*) }" in [ZX]*) ;; *) echo "$pid" ;; esac
  done
}
tell() { kill -s "$1" -- "-$leader" $(left); }
tell TERM
while [ "$tenths" -gt 0 ] && [ -n "$(left)" ]; do sleep 0.1; tenths=$((tenths - 1)); done
tell KILL
tell KILL
exit 0
`;

/**
 * Holds the writing end of a pipe in a process of its own while an epoch is written, so that its reader finds no end of
 * file if this process is killed: the kernel closes descriptors before anybody can be told.
 */
export class PipeGuard {
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;

  /**
   * @param descriptor the writing end; the guard gets a duplicate
   * @throws RecordpipeError `io-failure`, `not-found` if it cannot be started
   */
  constructor(descriptor: number, { mark, graceMs }: TrainingProgram) {
    const variable = `${PROGRAM_VARIABLE}=${mark?.id}`;
    const words = [String(mark?.leader), variable, String(Math.ceil(graceMs / 100))];
    this.#process = spawn('/bin/sh', ['-c', SCRIPT, 'recordpipe-guard', ...words], {
      stdio: ['pipe', 'ignore', 'ignore', descriptor],
      detached: true,
    });
    this.#gone = once(this.#process, 'exit').catch((error: unknown) => {
      throw fileError(error, '/bin/sh');
    });
    this.#gone.catch(() => {});
    this.#process.stdin?.on('error', () => {});
  }

  /** Ends the guard: then the pipe is closed with its writer's own descriptor. */
  async release(): Promise<void> {
    if (this.#process.stdin?.writableEnded === false) this.#process.stdin.end('\n');
    await this.#gone;
  }
}
