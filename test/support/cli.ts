import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** How a run of the command line ended. */
export interface CliRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly bytes: Buffer;
  readonly stderr: string;
}

/** Runs the built command line as users do, in a process of its own. */
export async function cli(
  args: readonly string[],
  { input, ...options }: SpawnOptions & { input?: Uint8Array | string } = {},
): Promise<CliRun> {
  const child = startCli(args, options);
  child.stdin?.on('error', () => {}); // who stops at damage does not read to the end
  child.stdin?.end(input ?? '');
  return ended(child);
}

/** Starts the built command line; the caller ends it. */
export function startCli(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const env = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...options.env };
  return spawn(process.execPath, [MAIN, ...args], { stdio: 'pipe', ...options, env });
}

/** Collects what a process says until it has ended. */
export function ended(child: ChildProcess): Promise<CliRun> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const bytes = Buffer.concat(out);
      resolve({ code, signal, stdout: bytes.toString(), bytes, stderr: Buffer.concat(err).toString() });
    });
  });
}

/** The lines of a JSONL output. */
export function jsonLines<T>(text: string): T[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as T);
}
