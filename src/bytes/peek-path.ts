import { hostModule } from './host.ts';

/** The beginning of a file, and how long the file is. */
export interface FileHead {
  readonly head: Uint8Array;
  readonly size: number;
}

/**
 * The first `bytes` bytes of a regular file. Undefined for everything that is none or cannot be opened: what it is, or what is wrong with it, is
 * found when it is read.
 */
export function peekPath(source: string | URL, bytes: number): FileHead | undefined {
  const fs = hostModule('node:fs');
  if (fs === undefined) return undefined;
  let descriptor: number | undefined;
  try {
    const path = typeof source === 'string' && source.startsWith('file://') ? new URL(source) : source;
    // Opening a named pipe would wait for its writer.
    if (!fs.statSync(path).isFile()) return undefined;
    descriptor = fs.openSync(path, 'r');
    const { size } = fs.fstatSync(descriptor);
    const head = new Uint8Array(Math.min(bytes, size));
    return { head: head.subarray(0, fs.readSync(descriptor, head, 0, head.length, 0)), size };
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) fs.closeSync(descriptor);
  }
}
