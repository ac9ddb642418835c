import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../support/golden.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The Python programs to compare recordpipe with, each in its own environment. */
export type PythonCounterpart =
  | 'tensorflow'
  | 'original'
  | 'vahidk'
  | 'mxnet'
  | 'sagemaker'
  | 'sagemaker-training'
  | 'python-package'
  | 'torch';

/** The names that scripts/counterparts.sh installs. */
export type Counterpart =
  | PythonCounterpart
  | 'npm'
  | 'bundlers'
  | 'runtimes'
  | 'chromium'
  | 'versitygw'
  | 'rgw'
  | 'moto'
  | 's3-clients'
  | 'nginx'
  | 'slurm'
  | 'shells'
  | 'recipes'
  | 'actionlint';

/**
 * Returns the reason why a counterpart is not available, as reported by scripts/counterparts.sh;
 * undefined if it is.
 */
export function missingCounterpart(name: Counterpart): string | undefined {
  const { stdout } = spawnSync('bash', [`${root}scripts/counterparts.sh`, name], { encoding: 'utf8' });
  if (stdout.trim() === `have: ${name}`) return undefined;
  const line = stdout.trim() || `skipped: ${name} (scripts/counterparts.sh said nothing)`;
  console.log(line);
  return line;
}

/** Returns the folder of a counterpart's Python environment. */
export function counterpartRoot(counterpart: PythonCounterpart): string {
  return `${root}.cache/counterparts/${counterpart}`;
}

/**
 * Runs a Python program of this directory in the environment of a counterpart. Returns its output
 * lines.
 */
export function runPython(counterpart: PythonCounterpart, program: string, ...args: string[]): string[] {
  const python = `${counterpartRoot(counterpart)}/bin/python`;
  const script = fileURLToPath(new URL(program, import.meta.url));
  // Use UTF-8 regardless of the locale, and create no __pycache__ next to the programs.
  const { stdout, stderr, status } = spawnSync(python, ['-X', 'utf8', '-B', script, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}:\n${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

/** The properties by which records are compared. */
export interface Listed {
  readonly length: number;
  readonly sha256: string;
}

/** The result of a counterpart reading a file (protocol.py). */
export interface Reading<Found extends Listed = Listed> {
  readonly file: string;
  readonly records: readonly Found[];
  readonly error: { readonly type: string; readonly message: string } | null;
  readonly died: string | null;
}

/** Runs a program that reads every file of a directory. Returns its results by name. */
export function readWith<Found extends Listed = Listed>(
  counterpart: PythonCounterpart,
  program: string,
  folder: string,
): Map<string, Reading<Found>> {
  const readings = runPython(counterpart, program, folder).map((line) => JSON.parse(line) as Reading<Found>);
  return new Map(readings.map((reading) => [reading.file, reading]));
}

/** Reads the description that a program wrote next to its file: the records and other facts. */
export function described<More = unknown>(folder: string, name: string): { records: Listed[] } & More {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as { records: Listed[] } & More;
}

export function listed(payloads: readonly Uint8Array[]): Listed[] {
  return payloads.map((payload) => ({ length: payload.length, sha256: sha256(payload) }));
}
