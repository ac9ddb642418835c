import { join } from 'node:path';
import commonjs from '@rollup/plugin-commonjs';
import json from '@rollup/plugin-json';
import resolve from '@rollup/plugin-node-resolve';
import { rollup } from 'rollup';

const here = import.meta.dirname;
const bundle = await rollup({
  input: join(here, 'program.mjs'),
  plugins: [resolve({ exportConditions: ['node'], preferBuiltins: true }), commonjs(), json()],
  onwarn() {},
});
await bundle.write({ dir: join(here, 'rollup-esm'), format: 'es', entryFileNames: 'main.mjs' });
await bundle.write({
  dir: join(here, 'rollup-cjs'),
  format: 'cjs',
  entryFileNames: 'main.cjs',
  chunkFileNames: '[name]-[hash].cjs',
});
