import { join } from 'node:path';
import { build } from 'vite';

// A server bundle keeps installed packages as imports. Vite bundles linked packages, such as this one, unless
// they are external.
const here = import.meta.dirname;
const entry = { ssr: join(here, 'program.mjs'), emptyOutDir: false };
for (const [folder, format, name] of [
  ['vite-esm', 'es', 'main.mjs'],
  ['vite-cjs', 'cjs', 'main.cjs'],
])
  await build({
    root: here,
    configFile: false,
    ssr: { external: ['recordpipe'] },
    logLevel: 'error',
    build: {
      ...entry,
      outDir: join(here, folder),
      rollupOptions: { output: { format, entryFileNames: name } },
    },
  });
