import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Creates a directory for the tests of one file, removed afterwards. */
export function tempDir(): { readonly path: string; file(name: string, bytes?: Uint8Array): string } {
  const path = mkdtempSync(join(tmpdir(), 'recordpipe-test-'));
  afterAll(() => rmSync(path, { recursive: true, force: true, maxRetries: 9 }));
  return {
    path,
    file(name, bytes) {
      const target = join(path, name);
      if (bytes !== undefined) writeFileSync(target, bytes);
      return target;
    },
  };
}

/** Returns the number of this process's descriptors for files under `path` (Linux). */
export function openDescriptors(path: string): number {
  let count = 0;
  for (const descriptor of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${descriptor}`).startsWith(path)) count++;
    } catch {
      // The descriptor was closed while the list was read.
    }
  }
  return count;
}
