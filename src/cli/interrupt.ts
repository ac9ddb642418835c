/** Exit codes of a process terminated by a signal. */
export const SIGNAL_EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const;

/** Signals after which a command removes unfinished files before it exits. */
export type TerminatingSignal = keyof typeof SIGNAL_EXIT_CODES;

export const SIGNALS: readonly TerminatingSignal[] = Object.keys(SIGNAL_EXIT_CODES) as TerminatingSignal[];

/**
 * Time allowed for the work to stop, in milliseconds. If the work takes longer, for example because
 * a read from an idle pipe blocks, the signal's default action terminates the process.
 */
const GRACE_MS = 300;

let graceMs = GRACE_MS;

const controller = new AbortController();
let listening = false;
let exitCode: number | undefined;

/**
 * Returns a signal that aborts on SIGHUP, SIGINT, SIGQUIT and SIGTERM. A second signal terminates
 * the process immediately. In both cases, temporary files are removed.
 * @param withinMs time that the work needs to stop, if it is longer than usual
 */
export function interruption(withinMs?: number): AbortSignal {
  graceMs = Math.max(graceMs, withinMs ?? 0);
  if (!listening) {
    listening = true;
    for (const signal of SIGNALS) process.on(signal, interrupt);
  }
  return controller.signal;
}

/** Returns the exit code for the received signal; undefined if none was received. */
export function interruptedBy(): number | undefined {
  return exitCode;
}

function interrupt(signal: TerminatingSignal): void {
  if (exitCode !== undefined) end(signal);
  exitCode = SIGNAL_EXIT_CODES[signal];
  process.exitCode = exitCode;
  setTimeout(end, graceMs, signal).unref();
  controller.abort(new Error(signal));
}

/** Terminates the process by the signal's default action so that the shell sees the signal. */
function end(signal: TerminatingSignal): never {
  // Listeners of `exit` remove temporary files, which the signal's default action would leave.
  // Until then, further signals have no effect.
  process.once('exit', () => {
    for (const name of SIGNALS) process.removeListener(name, interrupt);
    process.kill(process.pid, signal);
  });
  process.exit(SIGNAL_EXIT_CODES[signal]);
}
