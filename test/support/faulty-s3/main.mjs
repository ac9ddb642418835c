// Bundles and runs main.ts in memory, because Node 20 cannot run TypeScript: `echo
// '{"objects":{…}}' | node test/support/faulty-s3/main.mjs`.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const { outputFiles } = await build({
  entryPoints: [fileURLToPath(new URL('main.ts', import.meta.url))],
  bundle: true,
  platform: 'node',
  format: 'esm',
  write: false,
});
await import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].text).toString('base64')}`);
