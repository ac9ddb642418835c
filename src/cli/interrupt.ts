const EXIT_CODES = { SIGHUP: 129, SIGINT: 130, SIGQUIT: 131, SIGTERM: 143 } as const;

/** The signals that end a command in order: it removes what is not finished. */
type TerminatingSignal = keyof typeof EXIT_CODES;

const SIGNALS = Object.keys(EXIT_CODES) as TerminatingSignal[];

/** If the work does not stop within this time (a read of a silent pipe), the signal's default action ends the process. */
const GRACE_MS = 300;

let graceMs = GRACE_MS;

const controller = new AbortController();
let listening = false;
let exitCode: number | undefined;

/**
 * Aborts at SIGHUP, SIGINT, SIGQUIT and SIGTERM. A second signal ends the process at once. However it ends, no temporary file stays.
 * @param withinMs time that the work needs to stop, if longer than usual
 */
export function interruption(withinMs?: number): AbortSignal {
  graceMs = Math.max(graceMs, withinMs ?? 0);
  if (!listening) {
    listening = true;
    for (const signal of SIGNALS) process.on(signal, interrupt);
  }
  return controller.signal;
}

/** The exit code of a process that was ended by this signal. */
export function stoppedBy(signal: TerminatingSignal): number {
  return EXIT_CODES[signal];
}

/** The exit code of the signal that was received, if any. */
export function interruptedBy(): number | undefined {
  return exitCode;
}

function interrupt(signal: TerminatingSignal): void {
  if (exitCode !== undefined) end(signal);
  exitCode = EXIT_CODES[signal];
  process.exitCode = exitCode;
  setTimeout(end, graceMs, signal).unref();
  controller.abort(new Error(signal));
}

/** Ends the process by the signal's default, so that a shell sees what ended it. */
function end(signal: TerminatingSignal): never {
  // Leaving by `exit` first: its listeners remove the temporary files, which the signal's default would leave. Until they are gone, a
  // further signal has no effect.
  process.once('exit', () => {
    for (const name of SIGNALS) process.removeListener(name, interrupt);
    process.kill(process.pid, signal);
  });
  process.exit(EXIT_CODES[signal]);
}
