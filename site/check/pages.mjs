import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { waitUntilMounted, withPage } from './browser.mjs';

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** One page of every kind. */
const PAGES = [
  '/',
  '/guides',
  '/sql',
  '/scale-out/',
  '/reference/api/',
  '/reference/api/errors',
  '/reference/errors',
  '/reference/cli/recordpipe-validate',
  '/benchmarks',
  '/validate',
  '/report.html',
  '/missing',
];

/** Pages that are also checked with axe-core in a narrow window, where their layout differs most. */
const NARROW = ['/', '/sql', '/report.html'];

const VIEWS = {
  light: { colorScheme: 'light', width: 1280, height: 900 },
  dark: { colorScheme: 'dark', width: 1280, height: 900 },
  narrow: { colorScheme: 'light', width: 360, height: 740 },
};

/** Checks pages with axe-core, and that they are not wider than the window. */
export async function checkPages(browser, origin, screenshots) {
  const problems = [];
  for (const path of PAGES) {
    const found = await withPage(browser, { origin, path, init: AXE }, async (page) => {
      const problems = [];
      const isReport = path === '/report.html'; // A page without an application.
      if (!isReport) await waitUntilMounted(page);
      for (const [view, { colorScheme, ...viewport }] of Object.entries(VIEWS)) {
        await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
        await page.setViewportSize(viewport);
        if (!isReport) await page.waitForFunction(isInColors, colorScheme);
        if (screenshots !== undefined)
          await page.screenshot({ path: join(screenshots, `${nameOf(path)}-${view}.png`) });
        const isChecked = view !== 'narrow' || NARROW.includes(path);
        const inView = [...(isChecked ? await violations(page) : []), ...(await overflow(page))];
        problems.push(...inView.map((problem) => `${path} (${view}): ${problem}`));
      }
      return problems;
    });
    // The server answers 404 on purpose, which the console reports.
    problems.push(...found.filter((problem) => path !== '/missing' || !problem.includes('404')));
  }
  const did = `${PAGES.length} pages in ${Object.keys(VIEWS).join(', ')}, ${problems.length} problems`;
  return { did, problems };
}

/** Runs in the page. A change of colors while axe-core measures contrasts is a false problem. */
function isInColors(scheme) {
  return document.documentElement.classList.contains('dark') === (scheme === 'dark');
}

function nameOf(path) {
  return path.replace(/^\/|\/$/g, '').replaceAll('/', '-') || 'home';
}

async function violations(page) {
  const { violations } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ['violations'] }));
  return violations.map(({ id, help, nodes }) => {
    const where = nodes.slice(0, 3).map(({ target, any }) => `${target} ${any[0]?.message ?? ''}`);
    return `${id}: ${help}: ${nodes.length} times: ${where.join(' | ')}`;
  });
}

async function overflow(page) {
  const [content, window] = await page.evaluate(() => [
    document.documentElement.scrollWidth,
    document.documentElement.clientWidth,
  ]);
  return content > window ? [`the content is ${content} pixels wide in a window of ${window}`] : [];
}
