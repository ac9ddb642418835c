import { spawn } from 'node:child_process';

/** Capacity of an enlarged pipe, which holds eight times as much as a new one. */
const CAPACITY_BYTES = 512 * 1024;
/** Number of the operation in Linux. Perl's own constant needs a module that may be missing. */
const F_SETPIPE_SZ = 1031;
const PERL = `open(my $pipe, ">&=", 3) and fcntl($pipe, ${F_SETPIPE_SZ}, ${CAPACITY_BYTES})`;

/**
 * Enlarges a pipe in the background, so that the writer and the reader wake each other less often.
 * Node cannot do this, so `perl` does. Without it, or if the user has too many large pipes, the
 * capacity does not change.
 */
export function enlargePipe(descriptor: number): void {
  if (process.platform !== 'linux') return;
  // As standard input, the pipe would lose its non-blocking mode.
  const program = spawn('perl', ['-e', PERL], { stdio: ['ignore', 'ignore', 'ignore', descriptor] });
  program.on('error', () => {});
  program.unref();
}
