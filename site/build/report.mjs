import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeSample } from '../../scripts/report-sample.mjs';
import { STAGE } from './pages.mjs';
import { ROOT } from './repository.mjs';

/**
 * Runs recordpipe on sample data with a damaged shard. Writes the page of `recordpipe stats --html`,
 * and the output of `recordpipe validate` for the home page.
 */
export function stageReport() {
  const folder = mkdtempSync(join(tmpdir(), 'recordpipe-site-'));
  try {
    writeSample(join(folder, 'train'));
    run(folder, ['stats', 'train', '--html', join(STAGE, 'public/report.html'), '-q']);
    const output = run(folder, ['validate', 'train']).replace(/ in \S+ m?s( \(.*\))?$/m, '');
    writeFileSync(join(STAGE, 'terminal.mjs'), `export default ${JSON.stringify(output.trim())};\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(cwd, args) {
  const cli = join(ROOT, 'dist/cli.js');
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { cwd, encoding: 'utf8' });
  // The sample has a damaged shard.
  if (status !== 1) throw new Error(`recordpipe ${args[0]} exited with ${status}: ${stderr}`);
  return stdout + stderr;
}
