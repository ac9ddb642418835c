import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { encodeTFRecord } from 'recordpipe';
import { encodeExample } from 'recordpipe/messages';
import { beforeAll, describe, expect, test } from 'vitest';
import { parsePage, ROOT } from '../docs/page.ts';
import { ended } from '../support/cli.ts';
import { s3Place } from '../support/s3-place.ts';
import { tempDir } from '../support/temp-dir.ts';
import { missingCounterpart } from './counterpart.ts';
import { installed } from './s3/server.ts';

const temp = tempDir();

/** The files of the page, by name. */
const files = new Map(
  parsePage('checking-in-ci.md', readFileSync(join(ROOT, 'docs/checking-in-ci.md'), 'utf8')).blocks.flatMap(
    ({ file, code }) => (file === undefined ? [] : [[file, `${code}\n`] as const]),
  ),
);

/** Runs a program in the folder of the page. Its programs find recordpipe by npx and by name. */
async function run(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<{ output: string; status: number }> {
  const path = [temp.file('bin'), process.env['PATH']].join(delimiter);
  const { stdout, stderr, status } = await ended(
    spawn(program, args, {
      cwd: temp.path,
      env: { ...process.env, NO_COLOR: '1', ...env, PATH: path },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  );
  return { output: stdout + stderr, status };
}

/** Runs a program that must succeed. */
async function expectSuccess(
  program: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Promise<string> {
  const { output, status } = await run(program, args, env);
  expect({ args, status, output: status === 0 ? '' : output }).toEqual({ args, status: 0, output: '' });
  return output;
}

const tool = (name: string): string => installed(`recipes/bin/${name}`);

/** Returns the commands of a job, which its YAML contains under this key. */
async function commandsOf(name: string, key: 'run' | 'script'): Promise<string[]> {
  const code = `
import json, sys, yaml
def found(value):
    if isinstance(value, list):
        return [one for item in value for one in found(item)]
    if not isinstance(value, dict):
        return []
    here = value.get(sys.argv[2], [])
    return ([here] if isinstance(here, str) else here) + found(list(value.values()))
print(json.dumps(found(yaml.safe_load(open(sys.argv[1])))))`;
  return JSON.parse(await expectSuccess(tool('python'), ['-c', code, name, key])) as string[];
}

const example = (label: number): Uint8Array =>
  encodeTFRecord(encodeExample({ label: { kind: 'int64', value: [label] } }));

function damaged(): Uint8Array {
  const bytes = example(2);
  bytes[14] ^= 1;
  return bytes;
}

describe.skipIf(missingCounterpart('recipes') !== undefined)('the page "Check data in CI"', () => {
  beforeAll(async () => {
    for (const [name, text] of files) {
      mkdirSync(dirname(temp.file(name)), { recursive: true });
      writeFileSync(temp.file(name), text);
    }
    mkdirSync(temp.file('bin'));
    const program = `#!/bin/sh\nexec '${process.execPath}' '${ROOT}dist/cli.js' "$@"\n`;
    writeFileSync(temp.file('bin/recordpipe'), program, { mode: 0o755 });
    // npx --yes recordpipe@VERSION ARGS...
    writeFileSync(temp.file('bin/npx'), '#!/bin/sh\nshift 2\nexec recordpipe "$@"\n', { mode: 0o755 });
    mkdirSync(temp.file('data'));
    temp.file('data/a.tfrecord', example(1));
    await expectSuccess('recordpipe', ['schema', 'data/', '--loose', '-o', 'schema.json']);
  });

  test('its files are valid for GitHub, GitLab and pre-commit', async () => {
    const github = [...files.keys()].filter((name) => name.startsWith('.github/'));
    expect(github).toHaveLength(2);
    const checks = [
      [tool('check-jsonschema'), '--builtin-schema', 'vendor.github-workflows', ...github],
      [tool('check-jsonschema'), '--builtin-schema', 'vendor.gitlab-ci', '.gitlab-ci.yml'],
      [tool('pre-commit'), 'validate-config', '.pre-commit-config.yaml'],
      [tool('pre-commit'), 'validate-manifest', join(ROOT, '.pre-commit-hooks.yaml')],
    ];
    for (const [program, ...args] of checks) await expectSuccess(program, args);
  });

  test('the jobs for pull requests accept valid data, and report invalid data in GitHub', async () => {
    const [check, annotate] = await commandsOf('.github/workflows/data.yml', 'run');
    const [gitlab] = await commandsOf('.gitlab-ci.yml', 'script');
    for (const command of [check, gitlab]) await expectSuccess('bash', ['-ec', command]);
    temp.file('data/b.tfrecord', damaged());
    for (const command of [gitlab, check]) expect((await run('bash', ['-ec', command])).status).toBe(1);
    expect(await expectSuccess('bash', ['-ec', annotate])).toMatch(
      /^::error file=data\/b\.tfrecord,title=data-checksum::.*checksum.*\n$/,
    );
    rmSync(temp.file('data/b.tfrecord'));
  });

  test('the jobs for buckets check objects', async () => {
    await using s3 = await s3Place({ objects: { 'bucket/train/a.tfrecord': example(1) } });
    const commands = [
      ...(await commandsOf('.github/workflows/bucket.yml', 'run')),
      (await commandsOf('.gitlab-ci.yml', 'script'))[1],
    ];
    expect(commands).toHaveLength(3);
    for (const command of commands) await expectSuccess('bash', ['-ec', command], s3.env);
  });

  test('pre-commit installs recordpipe, accepts valid files and rejects invalid ones', async () => {
    const [tarball] = (await expectSuccess('npm', ['pack', '--silent', '--ignore-scripts', ROOT]))
      .trim()
      .split('\n');
    const name = '.pre-commit-config.yaml';
    const config = files.get(name)!.replace('recordpipe@0.1.0', temp.file(tarball));
    writeFileSync(temp.file(name), config);
    const commit = async (): Promise<{ output: string; status: number }> => {
      await expectSuccess('git', ['add', 'data', 'schema.json', name]);
      const home = { PRE_COMMIT_HOME: temp.file('pre-commit'), npm_config_omit: 'optional' };
      return run(tool('pre-commit'), ['run'], home);
    };
    await expectSuccess('git', ['init', '--quiet']);
    rmSync(temp.file('bin/recordpipe'));
    expect(await commit()).toEqual({ status: 0, output: expect.stringContaining('Passed') });
    temp.file('data/b.tfrecord', damaged());
    expect(await commit()).toEqual({ status: 1, output: expect.stringContaining('data-checksum') });
  });
});
