// Bundles page.mjs for browsers: node browser.mjs BUNDLER. Writes BUNDLER-page/page.js.
import { join } from 'node:path';

const here = import.meta.dirname;
const entry = join(here, 'page.mjs');
const [bundler] = process.argv.slice(2);
const dir = join(here, `${bundler}-page`);
const file = 'page.js';

const BUILDS = {
  async esbuild() {
    const { build } = await import('esbuild');
    const options = { entryPoints: [entry], bundle: true, format: 'esm', minify: true, tsconfigRaw: {} };
    await build({ ...options, outfile: join(dir, file), logLevel: 'error' });
  },
  async rollup() {
    const { rollup } = await import('rollup');
    const { default: resolve } = await import('@rollup/plugin-node-resolve');
    const bundle = await rollup({ input: entry, plugins: [resolve({ browser: true })] });
    await bundle.write({ dir, format: 'es', entryFileNames: file });
  },
  async webpack() {
    const { default: webpack } = await import('webpack');
    await new Promise((done, failed) => {
      const configuration = {
        mode: 'production',
        target: 'web',
        context: here,
        entry,
        output: { path: dir, filename: file, module: true, chunkFormat: 'module' },
        resolve: { tsconfig: false },
        experiments: { outputModule: true },
      };
      webpack(configuration, (error, stats) => {
        if (error || stats.hasErrors() || stats.hasWarnings()) failed(error ?? new Error(stats.toString()));
        else done();
      });
    });
  },
  async vite() {
    const { build } = await import('vite');
    const output = { entryFileNames: file };
    await build({
      root: here,
      configFile: false,
      logLevel: 'warn',
      build: { outDir: dir, rollupOptions: { input: entry, output } },
    });
  },
};
await BUILDS[bundler]();
