import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.ts';
import { counterpartRoot, missingCounterpart, type PythonCounterpart } from './counterpart.ts';

const PACKAGE = fileURLToPath(new URL('../../python', import.meta.url));
const CLI = fileURLToPath(new URL('../../dist/cli.js', import.meta.url));
const temp = tempDir();

/** Runs a Python module in the environment of a counterpart. Returns its output. */
function python(
  counterpart: PythonCounterpart,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): string {
  const { stdout, stderr, status } = spawnSync(
    join(counterpartRoot(counterpart), 'bin/python'),
    ['-B', '-m', ...args],
    { cwd: PACKAGE, encoding: 'utf8', env: { ...process.env, ...env }, maxBuffer: 2 ** 26 },
  );
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}:\n${stdout}\n${stderr}`);
  return stdout;
}

const missing = missingCounterpart('python-package');
const missingTorch = missing === undefined ? missingCounterpart('torch') : missing;

describe.skipIf(missing !== undefined)('the Python package', () => {
  const installed = temp.file('installed');
  let wheel: string;

  beforeAll(() => {
    const folder = temp.file('wheels');
    python('python-package', ['build', '--no-isolation', '--outdir', folder]);
    [wheel = ''] = readdirSync(folder).filter((name) => name.endsWith('.whl'));
    python('python-package', [
      'pip',
      'install',
      '--quiet',
      '--no-deps',
      '--target',
      installed,
      join(folder, wheel),
    ]);
  });

  /** Runs the tests against the installed wheel and dist/cli.js. Returns the last line of pytest. */
  function tests(counterpart: PythonCounterpart, files: readonly string[]): string {
    const options = ['-q', '-o', 'pythonpath=', '-p', 'no:cacheprovider'];
    const env = { PYTHONPATH: installed, RECORDPIPE: CLI };
    return python(counterpart, ['pytest', ...options, ...files], env)
      .trimEnd()
      .split('\n')
      .at(-1)!;
  }

  test('its wheel is pure Python and typed', () => {
    expect(wheel).toMatch(/^recordpipe-[\d.]+-py3-none-any\.whl$/);
    expect(readdirSync(join(installed, 'recordpipe'))).toContain('py.typed');
    expect(python('python-package', ['mypy', '--no-incremental'])).toContain('no issues found');
  });

  test('its tests and examples pass, with pandas', () => {
    expect(tests('python-package', ['tests'])).toMatch(/^\d+ passed/);
  });

  test.skipIf(missingTorch !== undefined)('its tests pass with PyTorch', () => {
    expect(tests('torch', ['tests/test_torch.py'])).toMatch(/^\d+ passed/);
  });
});
