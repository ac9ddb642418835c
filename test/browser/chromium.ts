import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];
/** Loads a page in Debian's headless Chromium and returns its document. */
export async function documentOf(url: string): Promise<string> {
  const profile = mkdtempSync(join(tmpdir(), 'recordpipe-chromium-'));
  try {
    const own = [`--user-data-dir=${profile}`, '--dump-dom', url];
    const browser = spawn('chromium', [...FLAGS, ...own], { stdio: ['ignore', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    const complaints: Buffer[] = [];
    browser.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    browser.stderr.on('data', (chunk: Buffer) => complaints.push(chunk));
    const timer = setTimeout(() => browser.kill('SIGKILL'), 90_000);
    const [code] = await once(browser, 'close');
    clearTimeout(timer);
    if (code !== 0) throw new Error(`chromium ended with ${code}:\n${Buffer.concat(complaints)}`);
    return Buffer.concat(output).toString();
  } finally {
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
