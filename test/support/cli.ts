import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';
import { fail } from '../../src/cli/fail.ts';
import { print } from '../../src/cli/output.ts';
import { program } from '../../src/cli/program.ts';
import { closeS3Clients } from '../../src/storage/s3/s3-clients.ts';
import { checkJsonOutput } from './json-output.ts';

const MAIN = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));

/** The result of running the command line. */
export interface CliRun {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /**
   * The exit code that a shell reports. On a busy machine, a command that was asked to stop may not
   * exit within its grace period, and then ends by the signal: only this code is the same.
   */
  readonly status: number;
  readonly stdout: string;
  readonly bytes: Buffer;
  readonly stderr: string;
}

/** How to run the command line. */
export interface CliOptions extends SpawnOptions {
  /** Contents of standard input. Requires a process. */
  readonly input?: Uint8Array | string;
  /** Whether to start a process even if the calling process can run the command line. */
  readonly separate?: boolean;
}

/**
 * Runs the built command line as users do. It runs inside this process unless the process boundary
 * matters, because starting a process takes far longer than most commands. JSON output is validated
 * against its published schema.
 */
export async function cli(
  args: readonly string[],
  { input, separate = false, ...options }: CliOptions = {},
): Promise<CliRun> {
  if (input === undefined && !separate && runsInProcess(args, options)) {
    const run = await cliInProcess(args, options);
    checkJsonOutput(args, run);
    return run;
  }
  const child = startCli(args, options);
  child.stdin?.on('error', () => {}); // A command that stops at damage does not read all of its input.
  child.stdin?.end(input ?? '');
  return ended(child);
}

/** Starts the built command line; the caller ends it. */
export function startCli(args: readonly string[], options: SpawnOptions = {}): ChildProcess {
  const env = { ...process.env, NO_COLOR: undefined, FORCE_COLOR: undefined, ...options.env };
  return spawn(process.execPath, [MAIN, ...args], { stdio: 'pipe', ...options, env });
}

/** Options that have the same effect inside this process. */
const PLAIN_OPTIONS = new Set(['cwd', 'env']);

/**
 * `stream` and `train` pass their standard streams to a program, `-` may be standard input, and NODE_OPTIONS
 * apply at startup.
 */
function runsInProcess(args: readonly string[], options: SpawnOptions): boolean {
  return (
    args[0] !== 'stream' &&
    (args[0] !== 'train' || args.includes('--dry-run')) &&
    !readsStandardInput(args) &&
    !args.some((arg) => arg.startsWith('@-') || arg.startsWith('/dev/')) &&
    Object.keys(options).every((name) => PLAIN_OPTIONS.has(name)) &&
    !Object.keys(options.env ?? {}).some((name) => READ_ONCE.test(name))
  );
}

/** Commands whose last operand is their output: a `-` there is standard output. */
const WRITERS = /^(convert|repair|sample|shuffle)$/;

function readsStandardInput([command, ...args]: readonly string[]): boolean {
  const at = args.indexOf('-');
  if (WRITERS.test(command) && at > 0) return args.includes('-', at + 1);
  return at >= 0;
}

/** Variables that are read at process startup or once per process. */
const READ_ONCE = /^(NODE_|HOME$|LANG|LC_)/;

let service: string | undefined;

/** A process keeps its S3 clients. Closes them before a run with another service or other keys. */
async function useService(env: NodeJS.ProcessEnv = {}): Promise<void> {
  const entries = Object.entries(env).filter(([name]) => name.startsWith('AWS_'));
  if (entries.length === 0) return;
  const wanted = JSON.stringify(entries.sort());
  if (wanted !== service) await closeS3Clients();
  service = wanted;
}

let previous: Promise<unknown> = Promise.resolve();

/**
 * One run at a time, because the working directory, the environment, and the standard streams
 * belong to the process.
 */
function cliInProcess(args: readonly string[], options: SpawnOptions): Promise<CliRun> {
  const run = previous.then(() => runHere(args, options));
  previous = run.catch(() => {});
  return run;
}

async function runHere(args: readonly string[], { cwd, env }: SpawnOptions): Promise<CliRun> {
  await useService(env);
  const restore = [replaceEnv({ NO_COLOR: undefined, FORCE_COLOR: undefined, ...env })];
  const streams = captureStreams();
  restore.push(streams.restore);
  const { argv, exitCode } = process;
  const folder = process.cwd();
  try {
    if (cwd !== undefined) process.chdir(String(cwd));
    process.argv = [process.execPath, MAIN, ...args];
    process.exitCode = 0;
    try {
      await program(args[0]).parseAsync();
    } catch (error) {
      process.exitCode = await fail(error);
      // Help is printed in pieces without awaiting them.
      await print('').catch(() => {});
    }
    await print('').catch(() => {}); // Help is printed without awaiting it.
    const bytes = Buffer.concat(streams.out);
    const stderr = Buffer.concat(streams.err).toString();
    const code = Number(process.exitCode ?? 0);
    return { code, signal: null, status: code, stdout: bytes.toString(), bytes, stderr };
  } finally {
    process.argv = argv;
    process.exitCode = exitCode;
    process.chdir(folder);
    for (const undo of restore.reverse()) undo();
  }
}

function replaceEnv(env: NodeJS.ProcessEnv): () => void {
  const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
  const set = (values: NodeJS.ProcessEnv): void => {
    for (const [name, value] of Object.entries(values)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
  set(env);
  return () => set(before);
}

const STDOUT = 1;

/** Captures standard output and standard error. */
function captureStreams(): { out: Buffer[]; err: Buffer[]; restore: () => void } {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  const { write } = fs;
  const { write: writeStderr } = process.stderr;
  const replacement = (descriptor: number, bytes: Uint8Array, ...rest: unknown[]): void => {
    if (descriptor !== STDOUT) {
      Reflect.apply(write, fs, [descriptor, bytes, ...rest]);
      return;
    }
    const [offset, length] = rest as [number, number];
    out.push(Buffer.from(bytes.subarray(offset, offset + length)));
    const done = rest.at(-1) as (error: Error | null, count: number, bytes: Uint8Array) => void;
    setImmediate(done, null, length, bytes);
  };
  fs.write = Object.assign(replacement as typeof fs.write, { __promisify__: write.__promisify__ });
  syncBuiltinESMExports();
  process.stderr.write = ((chunk: Uint8Array | string, ...rest: unknown[]): boolean => {
    err.push(Buffer.from(chunk as string));
    const done = rest.at(-1);
    if (typeof done === 'function') setImmediate(done as () => void);
    return true;
  }) as typeof process.stderr.write;
  return {
    out,
    err,
    restore() {
      fs.write = write;
      syncBuiltinESMExports();
      process.stderr.write = writeStderr;
    },
  };
}

/** Collects the output of a process until it exits. Validates JSON output of the command line. */
export async function ended(child: ChildProcess): Promise<CliRun> {
  const run = await collected(child);
  const [, main, ...args] = child.spawnargs;
  if (main === MAIN) checkJsonOutput(args, run);
  return run;
}

function collected(child: ChildProcess): Promise<CliRun> {
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr?.on('data', (chunk: Buffer) => err.push(chunk));
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const bytes = Buffer.concat(out);
      const status = code ?? 128 + constants.signals[signal as NodeJS.Signals];
      const stdout = bytes.toString();
      resolve({ code, signal, status, stdout, bytes, stderr: Buffer.concat(err).toString() });
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
