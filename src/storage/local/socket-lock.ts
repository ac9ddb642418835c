import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkAborted } from '../../bytes/abortable.ts';
import { fileError } from './file-errors.ts';

/** Interval between attempts to take a lock that another process holds. */
const RETRY_MS = 20;

/** A lock that lasts until it is released, or until the process ends. */
export interface SocketLock {
  release(): Promise<void>;
}

/**
 * Takes an exclusive lock without running a program. The lock is an abstract Unix socket of Linux:
 * only one holder can own its name, and the kernel frees it when the holder's process ends.
 *
 * The lock excludes only holders that lock in the same way and share a network namespace. It does
 * not exclude processes in other containers, or processes that use flock(2).
 *
 * @param name unique name of up to 100 bytes; it contains the device and inode of what is locked
 * @param path path for errors
 * @returns undefined if another holder kept the lock for `timeoutMs`
 * @throws RecordpipeError `aborted`, `io-failure`
 */
export async function lockWithSocket(
  name: string,
  path: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<SocketLock | undefined> {
  const began = performance.now();
  for (;;) {
    checkAborted(signal);
    const lock = await listen(`\0${name}`, path);
    if (lock !== undefined) return lock;
    const rest = timeoutMs - (performance.now() - began);
    if (rest <= 0) return undefined;
    await sleep(Math.min(rest, RETRY_MS), undefined, { signal }).catch(() => {});
  }
}

async function listen(name: string, path: string): Promise<SocketLock | undefined> {
  const server = createServer((socket) => socket.destroy());
  server.unref();
  try {
    // Exclusive: workers of `node:cluster` would otherwise share one socket.
    server.listen({ path: name, exclusive: true });
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw fileError(error, path);
  }
  return { release: () => new Promise((resolve) => void server.close(() => resolve())) };
}
