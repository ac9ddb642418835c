import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { expect, test } from 'vitest';
import { encodeTFRecord } from '../../src/formats/index.ts';
import { concat } from '../support/oracle-tfrecord.ts';
import { tempDir } from '../support/temp-dir.ts';

const temp = tempDir();
const root = fileURLToPath(new URL('../..', import.meta.url));

/** A user's program, to be bundled with the built package. */
const PROGRAM = `
import { Dataset } from 'recordpipe/dataset';
import { validateFiles } from 'recordpipe/check';
async function main() {
  const [files, square] = JSON.parse(process.argv[2]);
  const { ok, totals } = await validateFiles(files, { jobs: 2 });
  const squares = await Dataset.range(4).mapInWorkers(square, { workers: 2 }).toArray();
  console.log(JSON.stringify({ ok, records: totals.records, squares }));
}
main().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});`;

test.each([
  ['esm', 'mjs', true],
  ['cjs', 'cjs', false],
] as const)('esbuild, %s (.%s, minified: %s): good files are good', async (format, extension, minify) => {
  const outfile = join(temp.path, `bundle.${extension}`);
  await build({
    stdin: { contents: PROGRAM, resolveDir: root },
    bundle: true,
    format,
    minify,
    platform: 'node',
    outfile,
    logLevel: 'error',
    logOverride: { 'empty-import-meta': 'silent' },
  });
  const records = concat([encodeTFRecord(new Uint8Array(3)), encodeTFRecord(new Uint8Array(5))]);
  const files = ['a', 'b', 'c'].map((name) => temp.file(`${name}.tfrecord`, records));
  const square = join(temp.path, 'square.mjs');
  writeFileSync(square, 'export default (n) => n * n;');
  const argument = JSON.stringify([files, pathToFileURL(square).href]);
  const run = spawnSync(process.execPath, [outfile, argument], { encoding: 'utf8' });
  expect(run.stderr).toContain('worker threads cannot start');
  expect([run.status, run.stdout]).toEqual([0, '{"ok":true,"records":6,"squares":[0,1,4,9]}\n']);
});
