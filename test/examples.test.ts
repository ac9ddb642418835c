import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const FOLDER = join(ROOT, 'examples');
const names = readdirSync(FOLDER).filter((name) => existsSync(join(FOLDER, name, 'package.json')));
const json = (path: string) => JSON.parse(readFileSync(path, 'utf8'));

test('examples/README.md lists every example', () => {
  const text = readFileSync(join(FOLDER, 'README.md'), 'utf8');
  const listed = [...text.matchAll(/^\| \[([\w-]+)\]\(([\w-]+)\)/gm)].map(([, title, link]) => [title, link]);
  expect(listed.sort()).toEqual(names.map((name) => [name, name]));
});

test('the GitHub action installs the version that its project depends on', () => {
  const project = join(FOLDER, 'github-action');
  const action = readFileSync(join(project, '.github/actions/validate-records/action.yml'), 'utf8');
  expect(action).toContain(`default: ${json(join(project, 'package.json')).dependencies.recordpipe}\n`);
});

/** `examples/run.mjs` installs and runs them. */
describe.each(names)('examples/%s', (name) => {
  const manifest = json(join(FOLDER, name, 'package.json'));

  test('is a private package with tests that depends on the present version', () => {
    const [major, minor] = json(join(ROOT, 'package.json')).version.split('.');
    const compatible = major === '0' ? `^0.${minor}.` : `^${major}.`;
    expect(manifest).toMatchObject({
      name: `recordpipe-example-${name}`,
      private: true,
      type: 'module',
      scripts: { test: expect.any(String) },
      dependencies: { recordpipe: expect.stringContaining(compatible) },
    });
  });

  test('has ranges of versions and no lock file, so that it is tested as users install it', () => {
    const ranges = Object.values<string>({ ...manifest.dependencies, ...manifest.devDependencies });
    expect(ranges.filter((range) => !/^\^\d+\.\d+\.\d+$/.test(range))).toEqual([]);
    expect(existsSync(join(FOLDER, name, 'package-lock.json'))).toBe(false);
  });

  test('has a README of at most 40 lines', () => {
    expect(readFileSync(join(FOLDER, name, 'README.md'), 'utf8').split('\n').length).toBeLessThanOrEqual(41);
  });
});
