// Checks the built site: links, accessibility, layout, search and the validation page. Prints one line
// per check. With --screenshots DIR, it also saves pictures of the representative pages.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { serve } from 'vitepress';
import { openBrowser } from './check/browser.mjs';
import { checkDemo } from './check/demo.mjs';
import { checkLinks } from './check/links.mjs';
import { checkPages } from './check/pages.mjs';
import { checkSearch } from './check/search.mjs';

const MAX_PROBLEMS = 30;

const { values } = parseArgs({ options: { screenshots: { type: 'string' } } });
if (values.screenshots !== undefined) mkdirSync(values.screenshots, { recursive: true });

let failed = false;

/** Runs a check, which returns what it did and its problems. */
async function run(name, check) {
  const started = performance.now();
  const { did, problems } = await check();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  failed ||= problems.length > 0;
  console.log(`${problems.length === 0 ? 'ok    ' : 'FAILED'}  ${name}: ${did} (${seconds} s)`);
  for (const problem of problems.slice(0, MAX_PROBLEMS)) console.log(`        ${problem}`);
  if (problems.length > MAX_PROBLEMS) console.log(`        and ${problems.length - MAX_PROBLEMS} more`);
}

const { server } = await serve({ root: fileURLToPath(new URL('.', import.meta.url)), port: 0 });
// Otherwise, it closes idle connections, on which the check of links may just send a request.
server.keepAliveTimeout = 0;
const origin = `http://localhost:${server.address().port}`;
const links = run('links', () => checkLinks(origin));
const browser = await openBrowser();
if (browser === undefined) {
  console.log('skipped: the site in a browser (chromium is not installed)');
} else {
  await run('pages', () => checkPages(browser, origin, values.screenshots));
  await run('search', () => checkSearch(browser, origin));
  await run('validation page', () => checkDemo(browser, origin, values.screenshots));
  await browser.close();
}
await links;
server.close();
server.closeAllConnections();
process.exitCode = failed ? 1 : 0;
