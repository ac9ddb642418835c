import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build } from 'esbuild';

const source = fileURLToPath(new URL('../../../src/', import.meta.url));

/**
 * Bundles part of the current sources into one file, for processes and hosts that cannot read
 * TypeScript.
 */
export async function bundle(entry: string, outfile: string, options: BuildOptions = {}): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [`${source}${entry}`],
    bundle: true,
    format: 'esm',
    platform: 'node',
    ...options,
    write: false,
  });
  writeFileSync(outfile, outputFiles[0].contents);
  return outfile;
}
