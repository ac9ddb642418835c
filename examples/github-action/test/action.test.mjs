import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { encodeTFRecord } from 'recordpipe';
import { parse } from 'yaml';

const project = fileURLToPath(new URL('..', import.meta.url));
const actionPath = join(project, '.github/actions/validate-records');
const action = parse(readFileSync(join(actionPath, 'action.yml'), 'utf8'));
const folder = mkdtempSync(join(tmpdir(), 'github-action-'));

before(() => {
  const bytes = Buffer.concat([100, 200].map((length) => encodeTFRecord(new Uint8Array(length))));
  for (const name of ['valid', 'damaged, 50%']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'valid', 'a.tfrecord'), bytes);
  bytes[50] ^= 1;
  writeFileSync(join(folder, 'damaged, 50%', 'b.tfrecord'), bytes);
});
after(() => rmSync(folder, { recursive: true }));

/** Runs the shell steps of the action as GitHub's runner does. */
function runAction(inputs) {
  const defaults = Object.entries(action.inputs).map(([name, input]) => [name, input.default]);
  const given = { ...Object.fromEntries(defaults), ...inputs };
  const [output, summary] = ['output', 'summary'].map((name) => join(folder, name));
  for (const file of [output, summary]) writeFileSync(file, '');
  let status = 0;
  let stdout = '';
  for (const { run, shell, env = {} } of action.runs.steps) {
    if (run === undefined) continue; // setup-node: this test runs in Node already
    assert.equal(shell, 'bash');
    assert.doesNotMatch(run, /\$\{\{/, 'inputs are variables, not parts of the script');
    const values = Object.entries(env).map(([name, value]) => [
      name,
      value.replace(/\$\{\{ inputs\.(\w+) \}\}/g, (_, input) => given[input]),
    ]);
    const script = join(folder, 'step.sh');
    writeFileSync(script, run);
    const result = spawnSync('bash', ['--noprofile', '--norc', '-eo', 'pipefail', script], {
      cwd: project,
      encoding: 'utf8',
      env: {
        ...process.env,
        GITHUB_ACTION_PATH: actionPath,
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
        RUNNER_TEMP: folder,
        ...Object.fromEntries(values),
      },
    });
    stdout += result.stdout;
    status = result.status;
    if (status !== 0) break;
  }
  const read = (file) => readFileSync(file, 'utf8');
  return { status, stdout, output: read(output), summary: read(summary) };
}

test('valid files pass, and the output is the report', () => {
  const { status, output, summary } = runAction({ paths: `${join(folder, 'valid')}\n` });
  assert.equal(status, 0);
  assert.match(summary, /Files: 1, records: 2, invalid files: 0/);
  const { ok } = JSON.parse(readFileSync(/^report=(.*)$/m.exec(output)[1], 'utf8'));
  assert.equal(ok, true);
});

test('a damaged file fails with an annotation', () => {
  const paths = `${join(folder, 'valid')}\n${join(folder, 'damaged, 50%')}\n`;
  const { status, stdout, summary } = runAction({ paths });
  assert.equal(status, 1);
  assert.match(stdout, /^::error file=.*damaged%2C 50%25\/b\.tfrecord,title=data-checksum::.*record 0/m);
  assert.match(summary, /Files: 2, records: 3, invalid files: 1/);
});

test('inputs are not run as code', () => {
  const { status, stdout } = runAction({ paths: '$(echo code >&2; touch injected)"; echo injected' });
  assert.notEqual(status, 0);
  assert.doesNotMatch(stdout, /^injected/m);
});
