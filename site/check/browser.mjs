import { spawnSync } from 'node:child_process';
import { chromium } from 'playwright-core';

/** Without these, Chromium connects to its own services. */
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts the Chromium of the system. Returns undefined if there is none. */
export async function openBrowser() {
  const { stdout } = spawnSync('which', ['chromium', 'chromium-browser', 'google-chrome'], {
    encoding: 'utf8',
  });
  const [executablePath] = (stdout ?? '').split('\n').filter(Boolean);
  return executablePath && chromium.launch({ executablePath, args: ARGS });
}

/**
 * Opens a page and calls `use` with it. Returns the problems that `use` returns, the errors of the
 * page, and its requests to other servers.
 */
export async function withPage(browser, { origin, path, options, init }, use) {
  const context = await browser.newContext(options);
  const problems = [];
  try {
    context.setDefaultTimeout(120_000); // Long, because a busy machine is not a failure.
    if (init !== undefined) await context.addInitScript({ content: init });
    const page = await context.newPage();
    page.on('pageerror', (error) => problems.push(`${path}: ${error}`));
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(`${path}: ${message.text()}`);
    });
    page.on('request', (request) => {
      if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(origin))
        problems.push(`${path}: request to ${request.url()}`);
    });
    await page.goto(origin + path, { waitUntil: 'load' });
    problems.push(...(await use(page)));
  } finally {
    await context.close();
  }
  return problems;
}

/**
 * Waits until the page answers keys and clicks. VitePress mounts its application after it has loaded
 * the module of the page, which can be later than the load event.
 */
export function waitUntilMounted(page) {
  return page.waitForFunction(() => document.querySelector('#app').__vue_app__ !== undefined);
}
