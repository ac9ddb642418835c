#!/usr/bin/env node
import { writeSync } from 'node:fs';

// Imports nothing else statically: if a module cannot be loaded, the exit code must still be right.

/** IO_FAILURE and INTERNAL_ERROR of exit-codes.ts. */
const [IO_FAILURE, INTERNAL_ERROR] = [3, 70];

let failed = false;

// Errors outside the promise below; unhandled rejections arrive here too.
process.on('uncaughtException', (error) => {
  void endOn(error).then(() => process.exit()); // the state of the process is unknown
});
try {
  const { program } = await import('./program.ts');
  await program(process.argv[2]).parseAsync();
} catch (error) {
  await endOn(error);
}

/** Prints an error that no command handled and sets the exit code for it. */
async function endOn(error: unknown): Promise<void> {
  // The first error is the cause of those that follow.
  if (failed) return;
  failed = true;
  try {
    const { fail } = await import('./fail.ts');
    const exitCode = await fail(error);
    // Help that could not be printed has set its own exit code.
    if (exitCode !== 0 || process.exitCode === undefined) process.exitCode = exitCode;
  } catch {
    // The modules that explain errors cannot be loaded, for lack of file descriptors for example.
    const isSystemError = error instanceof Error && 'syscall' in error;
    process.exitCode = isSystemError ? IO_FAILURE : INTERNAL_ERROR;
    const text =
      error instanceof Error ? (isSystemError ? `io-failure: ${error.message}` : error.stack) : error;
    try {
      writeSync(2, `recordpipe: ${text}\n`);
    } catch {
      // Standard error is closed.
    }
  }
}
