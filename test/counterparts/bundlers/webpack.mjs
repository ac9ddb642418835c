import { join } from 'node:path';
import webpack from 'webpack';

const here = import.meta.dirname;

function bundle(name, output, experiments) {
  const configuration = {
    mode: 'production',
    target: 'node20',
    context: here,
    entry: './program.mjs',
    // Minifying the AWS SDK takes a minute and a half.
    optimization: { minimize: false },
    output: { path: join(here, name), ...output },
    // Otherwise webpack uses the tsconfig.json of this repository, whose paths refer to the sources.
    resolve: { tsconfig: false },
    experiments,
  };
  return new Promise((resolve, reject) => {
    webpack(configuration, (error, stats) => {
      if (error || stats.hasErrors()) reject(error ?? new Error(stats.toString()));
      else resolve();
    });
  });
}

await bundle('webpack-cjs', { filename: 'main.cjs' }, {});
const module = { module: true, chunkFormat: 'module', library: { type: 'module' } };
await bundle('webpack-esm', { filename: 'main.mjs', ...module }, { outputModule: true });
