import { join } from 'node:path';
import { build } from 'esbuild';

const here = import.meta.dirname;
const shared = {
  entryPoints: [join(here, 'program.mjs')],
  bundle: true,
  platform: 'node',
  // Otherwise esbuild uses the tsconfig.json of this repository, whose paths refer to the sources.
  tsconfigRaw: {},
  logLevel: 'error',
};
await build({ ...shared, format: 'cjs', outfile: join(here, 'esbuild-cjs/main.cjs') });
// Packages in CommonJS, such as undici, need a require function in an ES module.
const banner = {
  js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
};
await build({ ...shared, format: 'esm', banner, outfile: join(here, 'esbuild-esm/main.mjs') });
