import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileError } from '../bytes/file-errors.ts';
import { PROGRAM_VARIABLE, type ProgramMark } from './program-processes.ts';

/**
 * Waits for a line. If its input ends without one, this process has died. Then a guard that kills sends SIGTERM to all
 * processes of the program, and SIGKILL to those that are left after the grace period; one that holds a pipe waits until
 * none is left. `left` knows processes as `processesOf` does.
 */
const SCRIPT = `role=$1 leader=$2 mark=$3 tenths=$4
trap '' HUP INT QUIT TERM
read -r line && exit 0
left() {
  marked=" $(grep -sl "$mark" /proc/[0-9]*/environ | tr '\\n' ' ')"
  for file in /proc/[0-9]*/stat; do
    { read -r stat < "$file"; } 2>/dev/null || continue
    pid=\${file#/proc/} pid=\${pid%/stat}
    set -- \${stat##*) }
    case $1 in [ZX]) continue ;; esac
    case $marked in *" /proc/$pid/environ "*) echo "$pid"; continue ;; esac
    if [ "$3" = "$leader" ] || [ "$4" = "$leader" ]; then echo "$pid"; fi
  done
}
tell() { if [ "$role" = kill ]; then kill -s "$1" -- "-$leader" $(left); fi; }
[ "$role" = kill ] || tenths=$((tenths + 20))
tell TERM
tell CONT
while [ "$tenths" -gt 0 ] && [ -n "$(left)" ]; do sleep 0.1; tenths=$((tenths - 1)); done
tell KILL
tell KILL
exit 0
`;

/**
 * A process that outlives this one, if this one is killed or crashes, and then stops a program: no handler of ours
 * could. One that is given the writing end of a pipe keeps the pipe's reader from an end of file until that is done:
 * the kernel closes our descriptors before any other process learns that we died.
 */
export class ProgramGuard {
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;

  /**
   * @param pipe the writing end of a pipe to hold; the guard inherits a duplicate. Without one the guard kills
   * @throws RecordpipeError `io-failure`, `not-found` if it cannot be started
   */
  constructor({ leader, id }: ProgramMark, graceMs: number, pipe?: number) {
    const words = [pipe === undefined ? 'kill' : 'hold', leader, `${PROGRAM_VARIABLE}=${id}`];
    words.push(Math.ceil(graceMs / 100));
    this.#process = spawn('/bin/sh', ['-c', SCRIPT, 'recordpipe-guard', ...words.map(String)], {
      stdio: ['pipe', 'ignore', 'ignore', ...(pipe === undefined ? [] : [pipe])],
      cwd: '/',
      env: { PATH: process.env['PATH'] }, // without a mark that we may have ourselves
      detached: true,
    });
    this.#gone = once(this.#process, 'exit').catch((error: unknown) => {
      throw fileError(error, '/bin/sh');
    });
    this.#gone.catch(() => {});
    this.#process.stdin?.on('error', () => {});
    // A guard that nobody releases keeps no event loop running.
    this.#process.unref();
    (this.#process.stdin as { unref?: () => void } | null)?.unref?.();
  }

  /** Ends the guard; a pipe that it holds is then closed with the writer's own descriptor. */
  async release(): Promise<void> {
    this.#process.ref();
    if (this.#process.stdin?.writableEnded === false) this.#process.stdin.end('\n');
    await this.#gone;
  }
}
