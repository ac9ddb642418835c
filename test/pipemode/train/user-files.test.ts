import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { filesIn, jobPlace, runJob, startJob, textOf } from './job-place.ts';

const place = jobPlace();
const data = place.folder('data', { a: 'a1\n' });
const channels = [{ name: 'train', uri: data }];

describe('the local folder of checkpoints', () => {
  const stored = place.folder('stored', {});

  test('is kept if it contains files, also if the job would be retried', async () => {
    const mine = place.folder('mine', { 'best.ckpt': 'precious' });
    const request = {
      channels,
      checkpoint: { uri: stored, localPath: mine },
      // The code cannot be fetched, which SageMaker retries.
      hyperparameters: { sagemaker_program: 'a.py', sagemaker_submit_directory: 's3://bucket/code.tar.gz' },
      maxRetries: 1,
    };
    const objects = { endpoint: 'http://127.0.0.1:1', retryTimeoutMs: 100, signRequests: false } as const;
    const job = runJob(undefined, { request, root: place.newRoot(), objects });
    await expect(job).rejects.toMatchObject({ code: 'already-exists' });
    expect(filesIn(mine)).toEqual(['best.ckpt']);
  });

  test('is not emptied outside the root, even with force', async () => {
    const mine = place.folder('home', { 'thesis.tex': 'precious' });
    const root = place.newRoot();
    const request = { channels, checkpoint: { uri: stored, localPath: mine } };
    const job = runJob('true', { request, root, force: true });
    await expect(job).rejects.toMatchObject({
      code: 'already-exists',
      message: expect.stringMatching(/thesis.tex; move them, because a run never removes/) as string,
    });
    expect(filesIn(mine)).toEqual(['thesis.tex']);
  });

  test('is emptied in the root with force', async () => {
    const root = place.newRoot();
    const request = { channels, checkpoint: { uri: stored } };
    await runJob('echo 1 > "$SM_MODEL_DIR/../checkpoints/one"; sync', { request, root });
    await expect(runJob('true', { request, root })).rejects.toMatchObject({ code: 'already-exists' });
    expect((await runJob('true', { request, root, force: true })).status).toBe('Completed');
  });

  test.each(['/', '/opt', '/opt/ml', '/opt/ml/', '/opt/ml/input/data/train', '/opt/ml/code', '/opt/ml/../x'])(
    'cannot be %s',
    (localPath) => {
      const request = { channels, checkpoint: { uri: stored, localPath } };
      expect(() => startJob('true', { request, root: place.newRoot() })).toThrow(/LocalPath/);
    },
  );

  test('is not shared by hosts', () => {
    const request = {
      channels,
      instanceCount: 2,
      checkpoint: { uri: stored, localPath: place.folder('shared', {}) },
    };
    expect(() => startJob('true', { request, root: place.newRoot() })).toThrow(/would share/);
  });
});

test('two jobs do not run in the same folder', async () => {
  const root = place.newRoot();
  const request = { channels };
  const first = startJob('while [ ! -e "$SM_MODEL_DIR/end" ]; do sleep 0.05; done', { request, root });
  while (!first.events.some(({ event }) => event === 'program-start'))
    await new Promise((resolve) => setTimeout(resolve, 20));
  const second = runJob('echo > "$SM_MODEL_DIR/second"', { request, root, force: true });
  await expect(second).rejects.toMatchObject({
    code: 'already-exists',
    message: expect.stringContaining('another job is running in this folder') as string,
  });
  writeFileSync(join(root, 'model/end'), '');
  expect((await first.ended).status).toBe('Completed');
  expect(filesIn(root, 'model')).toEqual(['end']);
  // The lock ends with the job.
  expect((await runJob('true', { request, root, force: true })).status).toBe('Completed');
});

test('hosts that run alone share a root', async () => {
  const root = place.newRoot();
  const request = { channels, instanceCount: 2 };
  const run = (currentHost: string) => runJob('echo > "$SM_MODEL_DIR/m"', { request, root, currentHost });
  const both = await Promise.all([run('algo-1'), run('algo-2')]);
  expect(both.map(({ status }) => status)).toEqual(['Completed', 'Completed']);
});

test('configuration files of the user are not replaced without force', async () => {
  const root = place.newRoot();
  const config = place.folder(join(root, 'input/config').slice(place.path.length + 1), {
    'hyperparameters.json': '{"mine": "1"}',
  });
  const job = runJob('true', { request: { channels }, root });
  await expect(job).rejects.toMatchObject({ code: 'already-exists' });
  expect(textOf(config, 'hyperparameters.json')).toBe('{"mine": "1"}');
  expect((await runJob('true', { request: { channels }, root, force: true })).status).toBe('Completed');
  // Files of an earlier run are replaced.
  expect((await runJob('true', { request: { channels }, root })).status).toBe('Completed');
});

test.each(['model', 'output/data', 'checkpoints'])(
  'with force, files to which the link %s leads out of the root remain',
  async (name) => {
    const root = place.newRoot();
    const mine = place.folder(`linked-${name.replace('/', '-')}`, { keep: 'precious' });
    mkdirSync(join(root, dirname(name)), { recursive: true });
    symlinkSync(mine, join(root, name));
    const request = { channels, checkpoint: { uri: place.folder('no-checkpoints', {}) } };
    const job = runJob('true', { request, root, force: true });
    await expect(job).rejects.toMatchObject({ code: 'already-exists' });
    expect(filesIn(mine)).toEqual(['keep']);
  },
);

test.each(['.', '..'])('a channel cannot have the name %s', (name) => {
  expect(() => startJob('true', { request: { channels: [{ name, uri: data }] } })).toThrow(
    /expected a channel name/,
  );
});

test('results are not saved into the folders that are saved', async () => {
  const root = place.newRoot();
  const request = { channels, output: { uri: join(root, 'model') } };
  await expect(runJob('true', { request, root })).rejects.toThrow(/use a different folder/);
});

test('an output that cannot be written is an error before the program starts', async () => {
  const file = join(place.folder('results', { file: 'mine' }), 'file');
  const request = { channels, output: { uri: join(file, 'below') } };
  const { ended, lines } = startJob('echo started', { request, root: place.newRoot() });
  await expect(ended).rejects.toMatchObject({ code: 'unsupported-source', uri: file });
  expect(lines).toEqual([]);
});

test('with a channel in File mode, new code replaces the copy of an earlier run', async () => {
  const root = place.newRoot();
  const code = place.folder('code', { 'a.sh': 'echo one' });
  const request = {
    channels,
    hyperparameters: { sagemaker_program: 'a.sh', sagemaker_submit_directory: code },
  };
  expect((await runJob(undefined, { request, root })).lines).toEqual(['algo-1 one']);
  writeFileSync(join(code, 'a.sh'), 'echo two');
  expect((await runJob(undefined, { request, root })).lines).toEqual(['algo-1 two']);
  expect(readFileSync(join(root, 'code/a.sh'), 'utf8')).toBe('echo two');
});

test('a missing program is an error before data is downloaded', async () => {
  const root = place.newRoot();
  const { TrainingRun, trainingRequest } = await import('../../../src/pipemode/train/index.ts');
  const job = new TrainingRun({ request: trainingRequest({ channels }), command: ['no-such-program'], root });
  expect(await job.run()).toMatchObject({ status: 'Failed', error: { code: 'not-found' } });
  expect(existsSync(join(root, 'input/data/train'))).toBe(false);
});

test('a job has at most 1,000 hosts', () => {
  const request = { channels, instanceCount: 1_000_000_000 };
  expect(() => startJob('true', { request })).toThrow(/from 1 to 1000/);
});
