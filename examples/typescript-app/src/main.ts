import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { DATA_ERROR_CODES, isRecordpipeError } from 'recordpipe';
import type { DatasetState } from 'recordpipe/dataset';
import { trainingBatches } from './samples.js';

const USAGE = 'usage: node dist/main.js [--batch N] [--seed N] [--max-batches N] [--state FILE] INPUT...';

interface Arguments {
  readonly inputs: readonly string[];
  readonly batch: number;
  readonly seed: number;
  readonly maxBatches: number;
  readonly state: string | undefined;
}

/** Prints the ids of each batch of one epoch. With `--state`, continues an interrupted epoch. */
async function main({ inputs, batch, seed, maxBatches, state }: Arguments): Promise<void> {
  const batches = trainingBatches(inputs, batch, seed);
  const saved = state === undefined ? undefined : load(state);
  const iterator = (saved === undefined ? batches : batches.resume(saved)).iterate();
  let left = maxBatches;
  for await (const samples of iterator) {
    console.log(samples.map(({ id }) => id).join(' ')); // a training step
    if (state !== undefined) save(state, JSON.stringify(iterator.state()));
    if (--left === 0) return;
  }
  if (state !== undefined) rmSync(state, { force: true }); // The epoch is complete.
}

/** Returns the saved state, if any. `resume` verifies it. */
function load(path: string): DatasetState | undefined {
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

/** Replaces a file atomically. */
function save(path: string, text: string): void {
  writeFileSync(`${path}.tmp`, text);
  renameSync(`${path}.tmp`, path);
}

function readArguments(): Arguments | undefined {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        batch: { type: 'string', default: '32' },
        seed: { type: 'string', default: '0' },
        'max-batches': { type: 'string' },
        state: { type: 'string' },
      },
    });
    if (positionals.length === 0) return undefined;
    const maximum = values['max-batches'];
    return {
      inputs: positionals,
      batch: integer('batch', values.batch, 1),
      seed: integer('seed', values.seed, 0),
      maxBatches: maximum === undefined ? Number.POSITIVE_INFINITY : integer('max-batches', maximum, 1),
      state: values.state,
    };
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    return undefined;
  }
}

function integer(name: string, text: string, min: number): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value >= min) return value;
  throw new Error(`--${name}: expected an integer >= ${min}, got ${text}`);
}

const given = readArguments();
if (given === undefined) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  try {
    await main(given);
  } catch (error) {
    if (!isRecordpipeError(error)) throw error;
    console.error(error.message);
    process.exitCode = DATA_ERROR_CODES.has(error.code) ? 1 : 3;
  }
}
