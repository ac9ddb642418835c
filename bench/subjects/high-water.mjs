/**
 * Preloaded with `--import`. At exit, writes the peak resident memory of the process to descriptor
 * 3, in kB.
 */

import { readFileSync, writeSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

if (isMainThread) {
  process.on('exit', () => {
    const [, kilobytes] = /^VmHWM:\s*(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'));
    writeSync(3, kilobytes);
  });
}
