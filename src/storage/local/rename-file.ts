import { renameSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

/** Pauses between attempts, about two seconds in all. */
const PAUSES_MS = [10, 20, 40, 80, 160, 320, 640, 640];

/**
 * Renames a file and replaces an existing file. On Windows, renaming fails while another program, such
 * as a virus scanner, has one of the files open. This usually lasts only a moment, so the function
 * tries again.
 */
export async function renameFile(from: string, to: string): Promise<void> {
  for (const pauseMs of PAUSES_MS) {
    try {
      await rename(from, to);
      return;
    } catch (error) {
      if (!mayPass(error)) throw error;
      await pause(pauseMs);
    }
  }
  await rename(from, to);
}

/** Like {@link renameFile}, but blocks this thread. */
export function renameFileSync(from: string, to: string): void {
  for (const pauseMs of PAUSES_MS) {
    try {
      renameSync(from, to);
      return;
    } catch (error) {
      if (!mayPass(error)) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pauseMs);
    }
  }
  renameSync(from, to);
}

function mayPass(error: unknown): boolean {
  const { code = '' } = error as NodeJS.ErrnoException;
  return process.platform === 'win32' && ['EPERM', 'EACCES', 'EBUSY'].includes(code);
}
