const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** If the work does not stop within this time (a read of a silent pipe), the signal's default action ends the process. */
const GRACE_MS = 300;

let graceMs = GRACE_MS;

const controller = new AbortController();
let listening = false;
let exitCode: number | undefined;

/** Aborts at SIGINT and SIGTERM. A second signal ends the process at once. @param withinMs time that the work needs to stop, if longer than usual */
export function interruption(withinMs?: number): AbortSignal {
  graceMs = Math.max(graceMs, withinMs ?? 0);
  if (!listening) {
    listening = true;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  }
  return controller.signal;
}

/** The exit code of a process that was ended by this signal. */
export function stoppedBy(signal: keyof typeof EXIT_CODES): number {
  return EXIT_CODES[signal];
}

/** The exit code of the signal that was received, if any. */
export function interruptedBy(): number | undefined {
  return exitCode;
}

function interrupt(signal: 'SIGINT' | 'SIGTERM'): void {
  exitCode = EXIT_CODES[signal];
  process.exitCode = exitCode;
  for (const other of ['SIGINT', 'SIGTERM'] as const) process.removeListener(other, interrupt);
  setTimeout(() => process.kill(process.pid, signal), graceMs).unref();
  controller.abort(new Error(signal));
}
