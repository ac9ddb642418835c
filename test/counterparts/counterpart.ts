import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sha256 } from '../support/golden.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The programs in Python that recordpipe is compared with, each in an environment of its own. */
export type PythonCounterpart = 'tensorflow' | 'original' | 'vahidk' | 'mxnet' | 'sagemaker';

/** What scripts/counterparts.sh installs. */
export type Counterpart =
  | PythonCounterpart
  | 'npm'
  | 'bundlers'
  | 'chromium'
  | 'versitygw'
  | 'rgw'
  | 'moto'
  | 's3-clients'
  | 'nginx'
  | 'slurm'
  | 'recipes';

/** Why a counterpart cannot be had, as scripts/counterparts.sh says it (and printed); undefined when it is there. */
export function missingCounterpart(name: Counterpart): string | undefined {
  const { stdout } = spawnSync('bash', [`${root}scripts/counterparts.sh`, name], { encoding: 'utf8' });
  if (stdout.trim() === `have: ${name}`) return undefined;
  const line = stdout.trim() || `skipped: ${name} (scripts/counterparts.sh said nothing)`;
  console.log(line);
  return line;
}

/** Runs one of the Python programs beside this file with the environment of a counterpart; its lines. */
export function runPython(counterpart: PythonCounterpart, program: string, ...args: string[]): string[] {
  const python = `${root}.cache/counterparts/${counterpart}/bin/python`;
  const script = fileURLToPath(new URL(program, import.meta.url));
  // UTF-8 whatever the locale, and no __pycache__ beside the programs.
  const { stdout, stderr, status } = spawnSync(python, ['-X', 'utf8', '-B', script, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}:\n${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

/** What a record is compared by. */
export interface Listed {
  readonly length: number;
  readonly sha256: string;
}

/** What a counterpart made of a file (protocol.py). */
export interface Reading<Found extends Listed = Listed> {
  readonly file: string;
  readonly records: readonly Found[];
  readonly error: { readonly type: string; readonly message: string } | null;
  readonly died: string | null;
}

/** Has a program read every file of a directory; what it says of each, by name. */
export function readWith<Found extends Listed = Listed>(
  counterpart: PythonCounterpart,
  program: string,
  folder: string,
): Map<string, Reading<Found>> {
  const readings = runPython(counterpart, program, folder).map((line) => JSON.parse(line) as Reading<Found>);
  return new Map(readings.map((reading) => [reading.file, reading]));
}

/** What a program wrote beside the file it made: its records, and whatever else there is to know. */
export function described<More = unknown>(folder: string, name: string): { records: Listed[] } & More {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as { records: Listed[] } & More;
}

export function listed(payloads: readonly Uint8Array[]): Listed[] {
  return payloads.map((payload) => ({ length: payload.length, sha256: sha256(payload) }));
}
