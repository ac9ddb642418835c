import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, truncateSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'python-pipes-'));
const data = join(folder, 'data');

before(() => assert.equal(run(process.execPath, ['make-data.mjs', data]).status, 0));
after(() => rmSync(folder, { recursive: true, force: true }));

function run(program, args) {
  const env = { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3', PYTHONDONTWRITEBYTECODE: '1' };
  return spawnSync(program, args, { cwd: project, encoding: 'utf8', env });
}

/** Streams a folder to a program. */
function train(name, ...program) {
  const channel = ['-c', `train=${join(data, name)}`, '--root', join(folder, `job-${name}`), '--force'];
  return run(join(project, 'node_modules/.bin/recordpipe'), [
    'stream',
    ...channel,
    '--quiet',
    '--',
    ...program,
  ]);
}

for (const [library, name] of [
  ['torch', 'rows'],
  ['tensorflow', 'examples'],
]) {
  const python = process.env[`${library.toUpperCase()}_PYTHON`] ?? 'python3';
  const find = `import importlib.util, sys; sys.exit(importlib.util.find_spec("${library}") is None)`;
  const missing = run(python, ['-c', find]).status !== 0;
  if (missing) console.log(`skipped: train_${library}.py (${python} has no ${library})`);

  test(`train_${library}.py reads three epochs and learns`, { skip: missing }, () => {
    const { status, stdout, stderr } = train(name, python, `train_${library}.py`);
    assert.equal(status, 0, stderr);
    const epochs = [...stdout.matchAll(/^epoch (\d): (\d+) rows, loss ([\d.]+)$/gm)].map((found) =>
      found.slice(1).map(Number),
    );
    assert.deepEqual(
      epochs.map(([epoch, rows]) => [epoch, rows]),
      [
        [0, 512],
        [1, 512],
        [2, 512],
      ],
    );
    assert.ok(epochs[2][2] < epochs[0][2] / 10, stdout);
  });
}

const noPython = run('python3', ['--version']).status !== 0 && 'no python3';
test('a program that reads truncated data fails, and so does stream', { skip: noPython }, () => {
  const last = readdirSync(join(data, 'rows')).sort().at(-1);
  truncateSync(join(data, 'rows', last), 20);
  const { status, stderr } = train(
    'rows',
    'python3',
    '-c',
    'import pipe_records; list(pipe_records.read_epoch("train", 0))',
  );
  assert.equal(status, 1);
  assert.match(stderr, /the stream ends inside a record/);
});
