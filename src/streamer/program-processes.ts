import { randomUUID } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/** The environment variable by which processes of a program are found, also those that left its session. */
export const PROGRAM_VARIABLE = 'RECORDPIPE_PROGRAM';

/** A value of {@link PROGRAM_VARIABLE} that no other program has. */
export function programId(): string {
  return randomUUID();
}

/** How the processes of one program are recognised. */
export interface ProgramMark {
  /** The process that was started: it leads a session and a process group. */
  readonly leader: number;
  readonly id: string;
}

/** A live process of a program. */
export interface ProgramProcess {
  readonly pid: number;
  /** Its process group. */
  readonly group: number;
}

/**
 * The live processes of a program: its session, its process group, and all that inherited its mark. Left out are
 * zombies, which read nothing, and processes that this one may not signal. Without /proc the group stands for all.
 */
export function processesOf({ leader, id }: ProgramMark): ProgramProcess[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return send(-leader, 0) ? [{ pid: leader, group: leader }] : [];
  }
  const mark = `${PROGRAM_VARIABLE}=${id}`;
  return names.flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    const found = stateOf(pid);
    if (found === undefined || found.state === 'Z' || found.state === 'X') return [];
    const { group, session } = found;
    const ours = session === leader || group === leader || hasVariable(pid, mark);
    return ours && send(pid, 0) ? [{ pid, group }] : [];
  });
}

/** Sends a signal. @returns false if nobody gets it */
export function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false; // gone, or a process of another user
  }
}

function stateOf(pid: number): { state: string; group: number; session: number } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
    // The name of the program, in parentheses, may contain anything.
    const [state, , group, session] = text.slice(text.lastIndexOf(')') + 2).split(' ', 4);
    return { state, group: Number(group), session: Number(session) };
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
