// Builds the site into site/dist. With --dev, serves it and follows changes of docs/.
import { watch } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, createServer } from 'vitepress';
import { stagePages } from './build/pages.mjs';
import { stageReference } from './build/reference.mjs';
import { stageReport } from './build/report.mjs';
import { ROOT } from './build/repository.mjs';

const SITE = fileURLToPath(new URL('.', import.meta.url));

stagePages();
stageReport();
await stageReference();
if (process.argv.includes('--dev')) {
  const server = await createServer(SITE);
  await server.listen();
  server.printUrls();
  for (const folder of ['docs', 'site/pages']) watch(join(ROOT, folder), { recursive: true }, stagePages);
} else {
  await build(SITE);
}
