import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkAborted } from '../../bytes/abortable.ts';
import { fileError } from '../../storage/local/file-errors.ts';

/** Interval between attempts to take a lock that another process holds. */
const RETRY_MS = 20;

/** A lock that lasts until it is released, or until the process ends. */
export interface SocketLock {
  release(): Promise<void>;
}

/**
 * Takes an exclusive lock on an open file without running a program. The lock is an abstract Unix
 * socket of Linux whose name contains the file's device and inode: only one process can own it, and
 * the kernel frees it when that process ends.
 *
 * The lock excludes only processes that lock in the same way and share a network namespace. It does
 * not exclude processes in other containers, or processes that use flock(2).
 *
 * @returns undefined if another process held the lock for `timeoutMs`
 * @throws RecordpipeError `aborted`, `io-failure`
 */
export async function lockWithSocket(
  descriptor: number,
  path: string,
  timeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<SocketLock | undefined> {
  const { dev, ino } = fstatSync(descriptor, { bigint: true });
  const began = performance.now();
  for (;;) {
    checkAborted(signal);
    const lock = await listen(`\0recordpipe-lock/${dev}/${ino}`, path);
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
    server.listen(name);
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EADDRINUSE') return undefined;
    throw fileError(error, path);
  }
  return { release: () => new Promise((resolve) => void server.close(() => resolve())) };
}
