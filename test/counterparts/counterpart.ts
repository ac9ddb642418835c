import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Why a counterpart cannot be had, as scripts/counterparts.sh says it (and printed); undefined when it is there. */
export function missingCounterpart(name: 'tensorflow' | 'chromium'): string | undefined {
  const { stdout } = spawnSync('bash', [`${root}scripts/counterparts.sh`, name], { encoding: 'utf8' });
  if (stdout.trim() === `have: ${name}`) return undefined;
  const line = stdout.trim() || `skipped: ${name} (scripts/counterparts.sh said nothing)`;
  console.log(line);
  return line;
}

/** Runs one of the Python programs beside this file with TensorFlow; its lines. */
export function runTensorFlow(program: string, ...args: string[]): string[] {
  const python = `${root}.cache/counterparts/tensorflow/bin/python`;
  const script = fileURLToPath(new URL(program, import.meta.url));
  const { stdout, stderr, status } = spawnSync(python, [script, ...args], {
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0) throw new Error(`${program} ended with ${status}:\n${stderr}`);
  return stdout.split('\n').filter((line) => line !== '');
}

/** What TensorFlow made of a file. */
export interface TensorFlowReading {
  readonly file: string;
  readonly records: readonly { readonly length: number; readonly sha256: string }[];
  readonly error: { readonly type: string; readonly message: string } | null;
  readonly died: string | null;
}

/** Reads every file of a directory with TensorFlow, by name. */
export function readWithTensorFlow(folder: string): Map<string, TensorFlowReading> {
  const readings = runTensorFlow('tensorflow_read.py', folder).map(
    (line) => JSON.parse(line) as TensorFlowReading,
  );
  return new Map(readings.map((reading) => [reading.file, reading]));
}
