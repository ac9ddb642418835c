import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileError } from '../../storage/local/file-errors.ts';

/**
 * Script of the guard process, which reads two lines: the process id of the program, and one that
 * ends the guard. If its input ends before the second line, the parent process has died. A guard
 * that kills then sends SIGTERM to all processes of the program, and SIGKILL to the remaining ones
 * after the grace period. A guard that holds a pipe waits until all of them have ended. `left` finds
 * the processes in the session and the group of the program, and those with its mark. Unlike
 * `processesOf`, it does not find descendants that have left all three. Finding processes takes a
 * moment, so the process group is suspended first. Without the first line, the parent died while it
 * started the program: the program has only its mark, which becomes visible a moment later. The
 * words after the third are a command that ends processes which cannot be signaled.
 *
 * A guard that holds a pipe blocks while it opens the pipe (descriptor 3), until a reader opens it.
 * Therefore a child of the guard reads the two lines, and kills the guard at the end.
 */
const SCRIPT = `role=$1 mark=$2 tenths=$3
shift 3
trap '' HUP INT QUIT TERM PIPE
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
signal() { if [ "$role" = kill ]; then kill -s "$1" -- $group $(left); fi; }
guard() {
  read -r leader || leader=
  read -r line && return
  group=\${leader:+-$leader}
  if [ -z "$leader" ]; then sleep 0.5; elif [ "$role" = kill ]; then kill -s STOP -- "$group"; fi
  [ "$role" = kill ] || tenths=$((tenths + 20))
  signal TERM
  signal CONT
  while [ "$tenths" -gt 0 ] && [ -n "$(left)" ]; do sleep 0.1; tenths=$((tenths - 1)); done
  signal KILL
  signal KILL
  [ $# = 0 ] || "$@"
}
if [ "$role" = kill ]; then guard "$@"; exit 0; fi
exec 4<&0
{ guard "$@"; kill -s KILL $$; } <&4 3<&- 4<&- &
{ echo open; wait; } 5>> /proc/self/fd/3 || { echo failed; wait; }
`;

/** How a guard stops a program. */
export interface GuardOptions {
  /** Time between SIGTERM and SIGKILL. */
  readonly graceMs: number;
  /** A command that ends processes which cannot be signaled, such as those of a container. */
  readonly killCommand?: readonly string[] | undefined;
}

/**
 * A process that stops a program after this process was killed or crashed, when no handler of this
 * process can run. A guard that holds the writing end of a pipe also withholds the end of file from
 * the pipe's reader until then. This is necessary because the kernel closes the descriptors of a
 * dead process before any other process can detect its death.
 */
export class ProgramGuard {
  readonly #process: ChildProcess;
  readonly #gone: Promise<unknown>;
  #isOpen: boolean | undefined;

  /**
   * Starts a guard for the program with a mark, before the program itself, so that the program is
   * never without one. It needs {@link watch} once the program has started.
   * @param id value of the variable that marks the processes of the program
   * @param pipe a descriptor of a named pipe, which may be opened with O_PATH. The guard opens the
   *   pipe for writing as soon as it has a reader, and holds it open. If undefined, the guard kills
   *   the program
   */
  constructor(id: string, { graceMs, killCommand = [] }: GuardOptions, pipe?: number) {
    const words: (string | number)[] = [pipe === undefined ? 'kill' : 'hold', `${PROGRAM_VARIABLE}=${id}`];
    words.push(Math.ceil(graceMs / 100), ...killCommand);
    this.#process = spawn('/bin/sh', ['-c', SCRIPT, 'recordpipe-guard', ...words.map(String)], {
      stdio: pipe === undefined ? ['pipe', 'ignore', 'ignore'] : ['pipe', 'pipe', 'ignore', pipe],
      cwd: '/',
      env: { ...process.env, [PROGRAM_VARIABLE]: undefined }, // Excludes the mark of this process.
      detached: true,
    });
    this.#gone = once(this.#process, 'exit').catch((error: unknown) => {
      throw fileError(error, '/bin/sh');
    });
    const ended = (): void => {
      this.#isOpen = false;
    };
    this.#gone.then(ended, ended);
    const { stdin, stdout } = this.#process;
    stdout?.once('data', (said) => {
      this.#isOpen = String(said) === 'open\n';
    });
    stdin?.on('error', () => {});
    // The guard does not keep this process running.
    this.#process.unref();
    for (const stream of [stdin, stdout]) (stream as { unref?: () => void } | null)?.unref?.();
  }

  /**
   * Whether the guard holds its pipe open. Undefined while it waits for a reader, false if it cannot
   * open the pipe.
   */
  get isOpen(): boolean | undefined {
    return this.#isOpen;
  }

  /** Tells the guard which process leads the session and process group of the program. */
  watch(leader: number): this {
    this.#process.stdin?.write(`${leader}\n`);
    return this;
  }

  /**
   * Ends the guard. A pipe that the guard held then remains open only as long as the writer's
   * descriptor.
   * @throws RecordpipeError `io-failure`, `not-found` if the guard could not be started
   */
  async release(): Promise<void> {
    this.#process.ref();
    // Both lines that the script reads: a program that could not be started has no leader.
    if (this.#process.stdin?.writableEnded === false) this.#process.stdin.end('\n\n');
    await this.#gone;
  }
}

/**
 * The environment variable that marks the processes of a program, including processes that left its
 * session.
 */
export const PROGRAM_VARIABLE = 'RECORDPIPE_PROGRAM';

/** Returns a unique value for {@link PROGRAM_VARIABLE}. */
export function programId(): string {
  return randomUUID();
}

/** Identification of the processes of a program. */
export interface ProgramMark {
  /** Process id of the started process, which leads a session and a process group. */
  readonly leader: number;
  /** Value of the variable that marks the processes of the program. */
  readonly id: string;
}

/** Known processes, identified by process id and start time, because ids are reused. */
export type SeenProcesses = Set<string>;

/** A live process of a program. */
export interface ProgramProcess {
  readonly pid: number;
  /** Id of the process group. */
  readonly group: number;
}

/**
 * Returns the live processes of a program: its session, its process group, all processes that
 * inherited its mark, and their descendants. Excludes zombies and processes that this user may not
 * signal. Without /proc, returns only the process group.
 *
 * @param seen processes found by earlier calls, which remain part of the program after their
 *   parents have ended; this call adds to it
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

/** Sends a signal to a process. @returns whether a process received it */
export function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false; // The process ended or belongs to another user.
  }
}

interface ProcessState {
  readonly state: string;
  readonly parent: number;
  readonly group: number;
  readonly session: number;
  /** Start time in clock ticks since boot. */
  readonly started: string;
}

function stateOf(pid: number): ProcessState | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The program name is in parentheses and may contain any character.
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
