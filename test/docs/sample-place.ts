import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeTFRecord } from '../../src/index.ts';
import { encodeExample } from '../../src/messages/index.ts';
import { ended } from '../support/cli.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { ROOT } from './page.ts';
import type { BlockRun } from './run-page.ts';

const RUN_MODULES = fileURLToPath(new URL('./run-modules.mjs', import.meta.url));
/** Optional packages, which a page tells its readers to install. */
const PACKAGES = ['@duckdb', 'apache-arrow', 'csv-parse', 'parquet-wasm'];
const RECORDS = 20;

/** The result of a program. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number;
}

/** A folder in which `recordpipe` is installed. */
export interface SamplePlace {
  readonly folder: string;
  /** Environment of its programs. */
  readonly env: NodeJS.ProcessEnv;
  start(command: string, args: readonly string[], env?: NodeJS.ProcessEnv): Promise<Ran>;
  /** Imports modules in order, in one process. Returns one result for each that was reached. */
  runModules(paths: readonly string[], env?: NodeJS.ProcessEnv): Promise<BlockRun[]>;
  write(name: string, text: string | Uint8Array): string;
  remove(): void;
}

/**
 * Creates a folder in which the documents' examples run. The built package is installed, and
 * `recordpipe` and `npx recordpipe` are on the path.
 */
export function samplePlace(): SamplePlace {
  const folder = mkdtempSync(join(tmpdir(), 'recordpipe-docs-'));
  const bin = join(folder, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{}'); // Otherwise, one in a folder above would apply.
  symlinkSync(ROOT, join(folder, 'node_modules/recordpipe'));
  for (const name of PACKAGES)
    symlinkSync(join(ROOT, 'node_modules', name), join(folder, 'node_modules', name));
  symlinkSync('../recordpipe/dist/cli.js', join(bin, 'recordpipe'));
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    RECORDPIPE_KERNEL: undefined,
    PATH: `${bin}${delimiter}${process.env['PATH']}`,
    NO_COLOR: '1',
  };
  const start: SamplePlace['start'] = async (command, args, more = {}) => {
    const child = spawn(command, args, { cwd: folder, env: { ...env, ...more }, stdio: 'pipe' });
    child.stdin.end();
    return ended(child);
  };
  return {
    folder,
    env,
    start,
    async runModules(paths, more) {
      const { stdout, stderr } = await start(process.execPath, [RUN_MODULES, ...paths], more);
      const lines = stdout.split('\n').slice(0, -1);
      const runs = lines.map((line) => {
        const run = JSON.parse(line) as { stdout: string; stderr: string };
        return { output: run.stdout, ...(run.stderr !== '' && { failure: run.stderr }) };
      });
      if (runs.length < paths.length) runs.push({ output: '', failure: stderr });
      return runs;
    },
    write(name, text) {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/**
 * Writes data/, with two valid shards, `train-00000-of-00002.tfrecord` and
 * `train-00001-of-00002.tfrecord`, and `damaged.tfrecord`, in whose 8th record one bit is flipped;
 * and examples/, with two files with two Examples each.
 */
export function writeSampleData({ write }: SamplePlace): void {
  const frames = Array.from({ length: RECORDS }, (_, i) =>
    encodeTFRecord(new TextEncoder().encode(`example ${i}`)),
  );
  for (const shard of [0, 1]) write(`data/train-0000${shard}-of-00002.tfrecord`, concat(frames));
  const damaged = concat(frames);
  damaged[concat(frames.slice(0, 7)).length + 13] ^= 1;
  write('data/damaged.tfrecord', damaged);
  for (const [i, name] of ['a', 'b'].entries()) {
    const examples = [0, 1].map((row) => encodeTFRecord(sampleExample(2 * i + row)));
    write(`examples/${name}.tfrecord`, concat(examples));
  }
}

/** Returns an Example with a list, which every second record lacks. */
function sampleExample(id: number): Uint8Array {
  return encodeExample({
    id: { kind: 'int64', value: [id] },
    name: { kind: 'bytes', value: [`name ${id}`] },
    'image/width': { kind: 'int64', value: [640] },
    ...(id % 2 === 0 && { tags: { kind: 'int64', value: [1, 2] } as const }),
  });
}
