import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { missingCounterpart } from './counterpart.ts';
import { installed } from './s3/server.ts';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

function expectSuccess(program: string, args: readonly string[]): void {
  const { status, stdout, stderr } = spawnSync(program, args, { cwd: ROOT, encoding: 'utf8' });
  expect({ status, output: status === 0 ? '' : stdout + stderr }).toEqual({ status: 0, output: '' });
}

function yamlIn(folder: string): string[] {
  return readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.yml'))
    .map((name) => join(folder, name));
}

describe.skipIf(missingCounterpart('recipes') !== undefined)('files in .github are valid for GitHub', () => {
  const forms = yamlIn('.github/ISSUE_TEMPLATE').filter((path) => !path.endsWith('config.yml'));
  test.each([
    ['github-workflows', yamlIn('.github/workflows')],
    ['dependabot', ['.github/dependabot.yml']],
    ['github-issue-forms', forms],
    ['github-issue-config', ['.github/ISSUE_TEMPLATE/config.yml']],
  ])('%s', (schema, files) => {
    expect(files).not.toEqual([]);
    expectSuccess(installed('recipes/bin/check-jsonschema'), [
      '--builtin-schema',
      `vendor.${schema}`,
      ...files,
    ]);
  });
});

test.skipIf(missingCounterpart('actionlint') !== undefined)('actionlint accepts the workflows', () => {
  expectSuccess(installed('actionlint/bin/actionlint'), ['-color=false', ...yamlIn('.github/workflows')]);
});
