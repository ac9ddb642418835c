#!/usr/bin/env node
import { existsSync, writeSync } from 'node:fs';
import * as modules from 'node:module';

// All other imports are dynamic, so that the exit code is correct even if a module cannot be
// loaded.

/** Copies of IO_FAILURE and INTERNAL_ERROR in exit-codes.ts. */
const [IO_FAILURE, INTERNAL_ERROR] = [3, 70];

let failed = false;

keepCompiledModules();

// Handle errors outside the promise below, including unhandled rejections.
process.on('uncaughtException', (error) => {
  void endOn(error).then(() => process.exit()); // The state of the process is unknown.
});
try {
  const { program } = await import('./program.ts');
  await program(process.argv[2]).parseAsync();
} catch (error) {
  await endOn(error);
}

/** Prints an error that no command handled and sets the exit code for it. */
async function endOn(error: unknown): Promise<void> {
  // The first error is the cause of all later ones.
  if (failed) return;
  failed = true;
  try {
    const { fail } = await import('./fail.ts');
    const exitCode = await fail(error);
    // A failure to print help has already set the exit code.
    if (exitCode !== 0 || process.exitCode === undefined) process.exitCode = exitCode;
  } catch {
    // The error modules cannot be loaded, for example because no file descriptors are free.
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

/**
 * Lets Node 22.1 and later keep compiled modules between runs, which starts commands sooner. They
 * are in the user's cache folder, because other users can write to Node's default, which is in the
 * folder for temporary files.
 */
function keepCompiledModules(): void {
  const { enableCompileCache } = modules as { enableCompileCache?: (folder?: string) => void };
  const { HOME, LOCALAPPDATA, XDG_CACHE_HOME } = process.env;
  const caches = XDG_CACHE_HOME || (HOME && `${HOME}/.cache`) || LOCALAPPDATA;
  if (enableCompileCache && caches && existsSync(caches)) enableCompileCache(`${caches}/recordpipe`);
}
