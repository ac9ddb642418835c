import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { FaultyS3Options } from './index.ts';

/** Starts a server in its own process, for tests that block their own thread. It has no `log`. */
export async function faultyS3Process(
  options: Partial<FaultyS3Options>,
): Promise<AsyncDisposable & { readonly url: string; close(): Promise<void> }> {
  const main = fileURLToPath(new URL('main.mjs', import.meta.url));
  const child = spawn(process.execPath, [main], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.write(`${JSON.stringify(options)}\n`);
  const [line] = await once(createInterface(child.stdout), 'line');
  const close = (): Promise<void> => ended(child);
  return { url: (JSON.parse(line) as { url: string }).url, close, [Symbol.asyncDispose]: close };
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.stdin?.end();
  await exit;
}
