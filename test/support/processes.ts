import { readFileSync } from 'node:fs';

/**
 * Reports whether a process is alive. A zombie does not count, because without a process that reaps
 * orphans, it remains forever.
 */
export function isAlive(pid: number): boolean {
  try {
    return !/^[ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1) as string);
  } catch {
    return false;
  }
}
