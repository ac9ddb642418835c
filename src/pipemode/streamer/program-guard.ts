import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileError } from '../../storage/local/file-errors.ts';

/**
 * Script of the guard process, which waits for a line. If its input ends without one, the parent
 * process has died. A killing guard then sends SIGTERM to all processes of the program, and SIGKILL
 * to the rest after the grace period. A guard that holds a pipe waits until all of them have ended.
 * `left` finds processes as `processesOf` does.
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
signal() { if [ "$role" = kill ]; then kill -s "$1" -- "-$leader" $(left); fi; }
[ "$role" = kill ] || tenths=$((tenths + 20))
signal TERM
signal CONT
while [ "$tenths" -gt 0 ] && [ -n "$(left)" ]; do sleep 0.1; tenths=$((tenths - 1)); done
signal KILL
signal KILL
exit 0
`;

/**
 * A process that stops a program after this process was killed or crashed, when no handler of this
 * process can run. A guard with the writing end of a pipe also withholds the end of file from the
 * pipe's reader until then, because the kernel closes the descriptors of a dead process before any
 * other process learns of its death.
 */
export class ProgramGuard {
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;

  /**
   * @param pipe the writing end of a pipe to hold; the guard inherits it. Without one, the guard
   *   kills the program
   * @throws RecordpipeError `io-failure`, `not-found` if the guard cannot be started
   */
  constructor({ leader, id }: ProgramMark, graceMs: number, pipe?: number) {
    const words = [pipe === undefined ? 'kill' : 'hold', leader, `${PROGRAM_VARIABLE}=${id}`];
    words.push(Math.ceil(graceMs / 100));
    this.#process = spawn('/bin/sh', ['-c', SCRIPT, 'recordpipe-guard', ...words.map(String)], {
      stdio: ['pipe', 'ignore', 'ignore', ...(pipe === undefined ? [] : [pipe])],
      cwd: '/',
      env: { PATH: process.env['PATH'] }, // without a mark of our own
      detached: true,
    });
    this.#gone = once(this.#process, 'exit').catch((error: unknown) => {
      throw fileError(error, '/bin/sh');
    });
    this.#gone.catch(() => {});
    this.#process.stdin?.on('error', () => {});
    // A guard does not keep the process running.
    this.#process.unref();
    (this.#process.stdin as { unref?: () => void } | null)?.unref?.();
  }

  /** Ends the guard. A pipe that it held stays open as long as the writer's own descriptor. */
  async release(): Promise<void> {
    this.#process.ref();
    if (this.#process.stdin?.writableEnded === false) this.#process.stdin.end('\n');
    await this.#gone;
  }
}

/**
 * The environment variable that marks processes of a program, including those that left its
 * session.
 */
export const PROGRAM_VARIABLE = 'RECORDPIPE_PROGRAM';

/** Returns a unique value for {@link PROGRAM_VARIABLE}. */
export function programId(): string {
  return randomUUID();
}

/** Identifies the processes of a program. */
export interface ProgramMark {
  /** The started process, which leads a session and a process group. */
  readonly leader: number;
  readonly id: string;
}

/** Known processes, by process id and start time, because ids are reused. */
export type SeenProcesses = Set<string>;

/** A live process of a program. */
export interface ProgramProcess {
  readonly pid: number;
  /** Process group. */
  readonly group: number;
}

/**
 * Returns the live processes of a program: its session, its process group, all processes that
 * inherited its mark, and their descendants. Excludes zombies and processes that this user may not
 * signal. Without /proc, returns only the process group.
 *
 * @param seen processes found by earlier calls, which remain part of the program when their parents
 *   are gone; this call adds to it
 */
export function processesOf({ leader, id }: ProgramMark, seen: SeenProcesses = new Set()): ProgramProcess[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return send(-leader, 0) ? [{ pid: leader, group: leader }] : [];
  }
  const mark = `${PROGRAM_VARIABLE}=${id}`;
  const ours = new Set<number>();
  const others = new Map<number, ProcessState>();
  const found: ProgramProcess[] = [];
  const take = (pid: number, state: ProcessState): void => {
    ours.add(pid);
    seen.add(keyOf(pid, state));
    others.delete(pid);
    if (!DEAD.has(state.state) && send(pid, 0)) found.push({ pid, group: state.group });
  };
  for (const name of names) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const state = stateOf(pid);
    if (state === undefined) continue;
    const { group, session } = state;
    if (session === leader || group === leader || seen.has(keyOf(pid, state)) || hasVariable(pid, mark))
      take(pid, state);
    else others.set(pid, state);
  }
  for (let before = -1; before !== ours.size; ) {
    before = ours.size;
    for (const [pid, state] of others) if (ours.has(state.parent)) take(pid, state);
  }
  return found;
}

const DEAD: ReadonlySet<string> = new Set(['Z', 'X']);

function keyOf(pid: number, { started }: ProcessState): string {
  return `${pid} ${started}`;
}

/** Sends a signal. @returns whether a process received it */
export function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false; // gone, or a process of another user
  }
}

interface ProcessState {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Clock ticks since boot. */
  readonly started: string;
}

function stateOf(pid: number): ProcessState | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program name, in parentheses, may contain anything.
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ', 20);
    const [state, parent, group, session] = fields;
    return {
      state,
      parent: Number(parent),
      group: Number(group),
      session: Number(session),
      started: fields[19],
    };
  } catch {
    return undefined;
  }
}

function hasVariable(pid: number, variable: string): boolean {
  try {
    return `\0${readFileSync(`/proc/${pid}/environ`, 'latin1')}`.includes(`\0${variable}\0`);
  } catch {
    return false;
  }
}
