import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { encodeTFRecord } from '../../src/index.ts';
import { encodeExample } from '../../src/messages/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const RECORDS = 20;

/** The result of a program run. */
export interface Ran {
  readonly stdout: string;
  readonly stderr: string;
  readonly status: number | null;
}

/**
 * Creates a directory in which the documents' examples run. The built package is installed,
 * `recordpipe` and `npx recordpipe` are on the path, and data/ contains two valid shards,
 * `train-00000-of-00002.tfrecord` and `train-00001-of-00002.tfrecord`, and `damaged.tfrecord`, in
 * whose 8th record one bit is flipped. examples/ contains two files with two Examples each.
 */
export function samplePlace(): {
  run(command: string, ...args: string[]): Ran;
  write(name: string, text: string): string;
  remove(): void;
} {
  const folder = mkdtempSync(join(tmpdir(), 'recordpipe-docs-'));
  const bin = join(folder, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  mkdirSync(join(folder, 'data'));
  symlinkSync(root, join(folder, 'node_modules/recordpipe'));
  symlinkSync('../recordpipe/dist/cli.js', join(bin, 'recordpipe'));
  const frames = Array.from({ length: RECORDS }, (_, i) =>
    encodeTFRecord(new TextEncoder().encode(`example ${i}`)),
  );
  for (const shard of [0, 1])
    writeFileSync(join(folder, `data/train-0000${shard}-of-00002.tfrecord`), concat(frames));
  const damaged = concat(frames);
  damaged[concat(frames.slice(0, 7)).length + 13] ^= 1;
  writeFileSync(join(folder, 'data/damaged.tfrecord'), damaged);

  mkdirSync(join(folder, 'examples'));
  for (const [i, name] of ['a', 'b'].entries()) {
    const examples = [0, 1].map((row) => encodeTFRecord(sampleExample(2 * i + row)));
    writeFileSync(join(folder, `examples/${name}.tfrecord`), concat(examples));
  }

  const env = { ...process.env, PATH: `${bin}${delimiter}${process.env['PATH']}`, NO_COLOR: '1' };
  delete (env as NodeJS.ProcessEnv)['RECORDPIPE_KERNEL'];
  return {
    run(command, ...args) {
      const { stdout, stderr, status } = spawnSync(command, args, {
        cwd: folder,
        env,
        encoding: 'utf8',
        input: '',
      });
      return { stdout, stderr, status };
    },
    write(name, text) {
      const path = join(folder, name);
      if (dirname(path) !== folder) {
        mkdirSync(dirname(path));
        symlinkSync(join(folder, 'data'), join(dirname(path), 'data'));
      }
      writeFileSync(path, text);
      return path;
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
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
