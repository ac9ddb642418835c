// Creates docs/report.png, the screenshot of a report in README.md, from sample data with
// `recordpipe stats --html` and a headless browser.
// Run with `node scripts/report-screenshot.mjs [CHROMIUM]`.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { writeSample } from './report-sample.mjs';

const MAX_BYTES = 200_000;
const [browser = 'chromium'] = process.argv.slice(2);
const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'recordpipe-report-'));
const screenshot = join(root, 'docs/report.png');

try {
  const data = join(folder, 'train');
  writeSample(data);
  const page = join(folder, 'report.html');
  const { status } = spawnSync(
    process.execPath,
    [join(root, 'dist/cli.js'), 'stats', 'train', '--html', page, '-q'],
    { cwd: folder },
  );
  if (status !== 1) throw new Error(`stats exited with ${status}, expected 1 because of the damage`);
  mkdirSync(join(root, 'docs'), { recursive: true });
  const { error, stderr } = spawnSync(
    browser,
    [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--hide-scrollbars',
      `--user-data-dir=${join(folder, 'profile')}`,
      '--window-size=1120,1690',
      `--screenshot=${screenshot}`,
      pathToFileURL(page).href,
    ],
    { encoding: 'utf8' },
  );
  if (error !== undefined) throw error;
  const { size } = statSync(screenshot, { throwIfNoEntry: false }) ?? { size: 0 };
  if (size === 0) throw new Error(`no screenshot: ${stderr}`);
  if (size > MAX_BYTES) throw new Error(`the screenshot has ${size} bytes, the maximum is ${MAX_BYTES}`);
  console.log(`docs/report.png: ${size} bytes`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
