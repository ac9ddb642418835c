const EXIT_CODES = { SIGINT: 130, SIGTERM: 143 } as const;

/** After this long, work that does not end by itself (a read of a silent pipe) is ended by the signal's default. */
const GRACE_MS = 300;

let graceMs = GRACE_MS;

const controller = new AbortController();
let listening = false;
let exitCode: number | undefined;

/** Fires at SIGINT and SIGTERM. A second signal ends the process at once. @param withinMs for work whose end takes longer than usual */
export function interruption(withinMs?: number): AbortSignal {
  graceMs = Math.max(graceMs, withinMs ?? 0);
  if (!listening) {
    listening = true;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, interrupt);
  }
  return controller.signal;
}

/** The exit code of a process that this signal ends. */
export function stoppedBy(signal: keyof typeof EXIT_CODES): number {
  return EXIT_CODES[signal];
}

/** The exit code that belongs to the signal that came, if one came. */
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
