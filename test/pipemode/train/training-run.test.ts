import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { TrainingRun, trainingRequest } from '../../../src/pipemode/train/index.ts';
import { filesIn, jobPlace, runJob, startJob, textOf } from './job-place.ts';

const place = jobPlace();
const FILES = { a: 'a1\na2\n', b: 'b1\n', c: 'c1\nc2\nc3\n', d: 'd1\n' };
const data = place.folder('data', FILES);
const WHOLE = Object.values(FILES).join('');
/** Prints a channel in any input mode. */
const CAT = (channel: string, epoch: number | string = 0): string =>
  `if [ -p "$SM_INPUT_DIR/data/${channel}_${epoch}" ]; then cat "$SM_INPUT_DIR/data/${channel}_${epoch}"; else find -L "$SM_INPUT_DIR/data/${channel}" -type f | sort | xargs cat; fi`;
/** Reads a pipe to its end and then writes a marker, like a program that would save a model. */
const SAVE = `${CAT('train')} > "$SM_MODEL_DIR/got" && echo > "$SM_MODEL_DIR/saved"`;

describe('one host', () => {
  test('the program sees its channels in their modes, its hyperparameters and its folders', async () => {
    const root = place.newRoot();
    const channels = [
      { name: 'train', uri: data, inputMode: 'Pipe' as const },
      { name: 'val', uri: data, inputMode: 'File' as const },
    ];
    const request = { channels, hyperparameters: { lr: '0.1' }, environment: { FLAG: 'on' } };
    const script = `${CAT('train')} > "$SM_MODEL_DIR/train"; ${CAT('val')} > "$SM_MODEL_DIR/val"; echo "$SM_HPS $FLAG $SM_CURRENT_HOST"`;
    const { status, exitCode, lines, events, hosts } = await runJob(script, { request, root });
    expect([status, exitCode, lines]).toEqual(['Completed', 0, ['algo-1 {"lr":0.1} on algo-1']]);
    expect([textOf(root, 'model/train'), textOf(root, 'model/val')]).toEqual([WHOLE, WHOLE]);
    expect(hosts).toEqual([{ host: 'algo-1', root, exitCode: 0, killed: false }]);
    expect(events.filter(({ event }) => event === 'status')).toMatchObject([
      { status: 'Downloading' },
      { status: 'Training' },
      { status: 'Completed' },
    ]);
    expect(filesIn(root, 'input/data').filter((name) => /_\d+$|lock/.test(name))).toEqual([]);
  });

  test('the exit code and the failure text come from the program', async () => {
    const root = place.newRoot();
    const script = 'echo "ValueError: no labels" > "$SM_OUTPUT_DIR/failure"; exit 7';
    const result = await runJob(script, { request: { channels: [{ name: 'train', uri: data }] }, root });
    expect(result).toMatchObject({ status: 'Failed', exitCode: 7, failureReason: 'ValueError: no labels' });
  });

  test('a program that cannot start is a failed job', async () => {
    const job = new TrainingRun({
      request: trainingRequest({ channels: [{ name: 'train', uri: data }] }),
      command: ['no-such-program'],
      root: place.newRoot(),
      privateRoot: false,
    });
    expect(await job.run()).toMatchObject({ status: 'Failed', error: { code: 'not-found' } });
  });

  test('a channel without data fails before the program starts', async () => {
    const root = place.newRoot();
    const uri = place.folder('nothing', {});
    const { status, error, lines } = await runJob('echo started', {
      request: { channels: [{ name: 'train', uri, inputMode: 'Pipe' }] },
      root,
    });
    expect([status, error?.code, lines]).toEqual(['Failed', 'object-missing', []]);
  });

  test('the results of an earlier run are an error, and force removes them', async () => {
    const root = place.newRoot();
    const request = { channels: [{ name: 'train', uri: data }] };
    await runJob('echo 1 > "$SM_MODEL_DIR/one"', { request, root });
    await expect(runJob('true', { request, root })).rejects.toMatchObject({ code: 'already-exists' });
    expect(filesIn(root, 'model')).toEqual(['one']);
    const { status } = await runJob('echo 2 > "$SM_MODEL_DIR/two"', { request, root, force: true });
    expect([status, filesIn(root, 'model')]).toEqual(['Completed', ['two']]);
  });
});

describe('several hosts', () => {
  const sharded = { name: 'train', uri: data, distribution: 'ShardedByS3Key' as const };

  test.each(['File', 'FastFile', 'Pipe'] as const)(
    '%s mode: each host receives its share, and all of a replicated channel',
    async (inputMode) => {
      const root = place.newRoot();
      const channels = [
        { ...sharded, inputMode },
        { name: 'val', uri: data, inputMode },
      ];
      const script = `${CAT('train')} > "$SM_MODEL_DIR/train"; ${CAT('val')} > "$SM_MODEL_DIR/val"; echo $SM_CURRENT_HOST of $SM_HOSTS`;
      const result = await runJob(script, { request: { channels, instanceCount: 2 }, root });
      expect(result.status).toBe('Completed');
      expect([...result.lines].sort()).toEqual([
        'algo-1 algo-1 of ["algo-1","algo-2"]',
        'algo-2 algo-2 of ["algo-1","algo-2"]',
      ]);
      const shares = ['algo-1', 'algo-2'].map((host) => textOf(root, host, 'model/train'));
      for (const share of shares) expect(share.length).toBeGreaterThan(0);
      expect(shares.join('').match(/\w+\n/g)?.sort()).toEqual(WHOLE.match(/\w+\n/g));
      expect(textOf(root, 'algo-1/model/val')).toBe(WHOLE);
      expect(textOf(root, 'algo-2/model/val')).toBe(WHOLE);
    },
  );

  test('a host of another instance group does not receive the channel', async () => {
    const root = place.newRoot();
    const group = (name: string, instanceCount: number) => ({ name, instanceType: 'local', instanceCount });
    const request = {
      channels: [{ ...sharded, inputMode: 'Pipe' as const, instanceGroups: ['data'] }],
      instanceGroups: [group('data', 2), group('other', 1)],
    };
    const { status } = await runJob(
      `if [ "$SM_CURRENT_HOST" = algo-3 ]; then ls "$SM_INPUT_DIR/data" > "$SM_MODEL_DIR/seen"; else ${SAVE}; fi`,
      { request, root },
    );
    expect(status).toBe('Completed');
    expect(textOf(root, 'algo-3/model/seen')).toBe('');
    expect((textOf(root, 'algo-1/model/got') + textOf(root, 'algo-2/model/got')).length).toBe(WHOLE.length);
  });

  test('if one program fails, the others are stopped before any pipe ends', async () => {
    const root = place.newRoot();
    const request = {
      channels: [{ name: 'train', uri: data, inputMode: 'Pipe' as const }],
      instanceCount: 2,
    };
    const up = join(place.path, 'up');
    const script = `if [ "$SM_CURRENT_HOST" = algo-2 ]; then until [ -e '${up}' ]; do sleep 0.02; done; exit 9; fi
      echo > '${up}'; while ${CAT('train', '$((i))')} > /dev/null; do i=$((i+1)); done; echo > "$SM_MODEL_DIR/saved"`;
    const result = await runJob(script, { request, root });
    expect(result).toMatchObject({ status: 'Failed', exitCode: 9 });
    expect(result.hosts).toMatchObject([{ exitCode: 143 }, { exitCode: 9 }]);
    expect(filesIn(root, 'algo-1/model')).toEqual([]);
  });

  test('if the data of one host fails, no program of any host completes', async () => {
    const root = place.newRoot();
    const manifest = join(place.path, 'cut.manifest');
    writeFileSync(manifest, JSON.stringify([{ prefix: `${data}/` }, 'a', 'c', 'none', 'd']));
    const request = {
      channels: [
        {
          name: 'train',
          uri: manifest,
          dataType: 'ManifestFile' as const,
          distribution: 'ShardedByS3Key' as const,
          inputMode: 'Pipe' as const,
        },
      ],
      instanceCount: 2,
    };
    const result = await runJob(`sh -c '${SAVE.replaceAll("'", '"')}'; sleep 5`, { request, root });
    expect(result).toMatchObject({ status: 'Failed', error: { code: 'not-found' } });
    const failed = result.events.flatMap((event) => (event.event === 'failure' ? [event.host] : []));
    expect(failed.length).toBeGreaterThan(0);
    for (const host of failed) expect(filesIn(root, host, 'model')).not.toContain('saved');
  });

  test('only the current host runs', async () => {
    const root = place.newRoot();
    const request = { channels: [{ ...sharded, inputMode: 'Pipe' as const }], instanceCount: 2 };
    const first = await runJob(SAVE, { request, root, currentHost: 'algo-1' });
    const second = await runJob(SAVE, { request, root, currentHost: 'algo-2' });
    expect([first.hosts.length, second.hosts.length]).toEqual([1, 1]);
    const both = textOf(root, 'algo-1/model/got') + textOf(root, 'algo-2/model/got');
    expect(both.match(/\w+\n/g)?.sort()).toEqual(WHOLE.match(/\w+\n/g));
  });
});

describe('the end of a job', () => {
  const request = { channels: [{ name: 'train', uri: data, inputMode: 'Pipe' as const }] };
  const WAIT = `trap 'echo stopping; echo > "$SM_MODEL_DIR/last"; exit 0' TERM; echo up; while :; do sleep 0.05; done`;

  test('the time limit stops the programs, and the job is Stopped', async () => {
    const root = place.newRoot();
    const result = await runJob(WAIT, {
      request: { ...request, maxRuntimeSeconds: 4 }, // Time to start on a busy machine.
      root,
      privateRoot: false,
    });
    expect(result).toMatchObject({ status: 'Stopped', secondaryStatus: 'MaxRuntimeExceeded' });
    expect(result.lines).toEqual(expect.arrayContaining(['algo-1 up', 'algo-1 stopping']));
    expect(filesIn(root, 'model')).toEqual(['last']);
  });

  test('a time limit of 28 days, which is the maximum, does not stop the job', async () => {
    const limited = { ...request, maxRuntimeSeconds: 28 * 24 * 3600 };
    const { status } = await runJob('sleep 0.2', { request: limited, root: place.newRoot() });
    expect(status).toBe('Completed');
  });

  test('a program that ignores SIGTERM is killed after the grace period', async () => {
    const script = `trap '' TERM; echo up; while :; do sleep 0.05; done`;
    const { job, ended, lines } = startJob(script, { request, root: place.newRoot(), graceMs: 200 });
    await expect.poll(() => lines).toContain('algo-1 up');
    await job.stop();
    expect(await ended).toMatchObject({ status: 'Stopped', hosts: [{ exitCode: 137, killed: true }] });
  });

  test('stop ends a running job', async () => {
    const { job, ended, lines } = startJob(WAIT, { request, root: place.newRoot() });
    await expect.poll(() => lines).toContain('algo-1 up');
    await job.stop();
    expect(await ended).toMatchObject({ status: 'Stopped', exitCode: 0 });
  });

  test('a spot interruption restarts the job with its checkpoints', async () => {
    const root = place.newRoot();
    const uri = place.folder('checkpoints', {});
    const script = `cd "$SM_MODEL_DIR/../checkpoints"
      if [ -e step ]; then echo "resumed at $(cat step)"; ls "$SM_MODEL_DIR"; exit 0; fi
      echo > "$SM_MODEL_DIR/partial"; trap 'echo 41 > step; exit 1' TERM; while :; do sleep 0.05; done`;
    const result = await runJob(script, {
      request: {
        ...request,
        spot: true,
        maxRuntimeSeconds: 60,
        maxWaitSeconds: 120,
        checkpoint: { uri, localPath: '/opt/ml/checkpoints' },
      },
      root,
      interruptAfterMs: 4000, // Time to start on a busy machine.
      privateRoot: false,
    });
    expect(result).toMatchObject({ status: 'Completed', attempts: 2, exitCode: 0 });
    expect(result.lines.at(-1)).toBe('algo-1 resumed at 41'); // No model remains.
    expect(textOf(uri, 'step')).toBe('41\n');
    const states = result.events.flatMap((event) => (event.event === 'status' ? [event.status] : []));
    expect(states).toEqual(expect.arrayContaining(['Training', 'Interrupted', 'Restarting', 'Completed']));
  });

  test('only spot jobs can be interrupted', () => {
    const input = { request, root: place.newRoot(), interruptAfterMs: 500 };
    expect(() => startJob('true', input)).toThrow(/only spot jobs can be interrupted/);
  });

  test('the model and output are saved, and metrics are extracted from the log', async () => {
    const root = place.newRoot();
    const uri = place.folder('results', {});
    const script =
      'echo "loss: 0.5"; echo "loss: 0.25"; echo m > "$SM_MODEL_DIR/m"; echo o > "$SM_OUTPUT_DATA_DIR/o"';
    const { status, artifacts, metrics } = await runJob(script, {
      request: {
        ...request,
        name: 'job-1',
        output: { uri, compression: 'GZIP' },
        metricDefinitions: [{ name: 'loss', regex: 'loss: ([0-9.]+)' }],
      },
      root,
    });
    expect(status).toBe('Completed');
    expect(artifacts.model).toMatch(/job-1\/output\/model\.tar\.gz$/);
    expect(artifacts.output).toMatch(/job-1\/output\/output\.tar\.gz$/);
    expect(metrics.metrics).toMatchObject([{ name: 'loss', count: 2, first: 0.5, last: 0.25 }]);
  });
});

describe('a job without a command', () => {
  test('runs the script that the request names, in a copy of its code', async () => {
    const root = place.newRoot();
    const code = place.folder('code', { 'train.sh': 'echo "$PWD" "$@"; ls\n', other: '' });
    const request = {
      channels: [{ name: 'train', uri: data }],
      hyperparameters: {
        sagemaker_program: '"train.sh"',
        sagemaker_submit_directory: JSON.stringify(code),
        lr: '0.1',
      },
    };
    const { status, lines } = await runJob(undefined, { request, root, privateRoot: false });
    expect(status).toBe('Completed');
    expect(lines).toEqual([`algo-1 ${join(root, 'code')} --lr 0.1`, 'algo-1 other', 'algo-1 train.sh']);
  });

  test('runs the entry point of the container', async () => {
    const request = { channels: [], containerEntrypoint: ['echo', 'one'], containerArguments: ['two'] };
    const { lines } = await runJob(undefined, { request, root: place.newRoot() });
    expect(lines).toEqual(['algo-1 one two']);
  });

  test('unpacks sourcedir.tar.gz, and replaces the copy of an earlier run but no other code', async () => {
    const root = place.newRoot();
    const archive = join(place.path, 'sourcedir.tar.gz');
    const request = {
      hyperparameters: { sagemaker_program: 'train.sh', sagemaker_submit_directory: archive },
    };
    for (const version of ['one', 'two']) {
      const code = place.folder(`code-${version}`, { 'train.sh': `echo ${version}\n` });
      execFileSync('tar', ['-czf', archive, '-C', code, '.']);
      const { lines } = await runJob(undefined, { request, root });
      expect(lines).toEqual([`algo-1 ${version}`]);
    }
    const own = place.newRoot();
    mkdirSync(join(own, 'code'), { recursive: true });
    writeFileSync(join(own, 'code/train.sh'), 'echo own\n');
    const { lines, events } = await runJob(undefined, { request, root: own });
    expect(lines).toEqual(['algo-1 own']);
    expect(events).toContainEqual(expect.objectContaining({ event: 'warning', code: 'code-kept' }));
  });

  test('is an error if the request names no program', () => {
    expect(() => startJob(undefined, { request: { channels: [] }, root: place.newRoot() })).toThrow(
      /command: expected a training program/,
    );
  });

  test('is a failed job if the code does not contain the script', async () => {
    const code = place.folder('other-code', { 'train.sh': '' });
    const request = {
      hyperparameters: { sagemaker_program: 'main.sh', sagemaker_submit_directory: code },
    };
    const { status, error } = await runJob(undefined, { request, root: place.newRoot() });
    expect([status, error?.code]).toEqual(['Failed', 'not-found']);
  });
});

test('a plan starts and changes nothing', () => {
  const root = place.newRoot();
  const request = trainingRequest({
    channels: [
      { name: 'train', uri: data, inputMode: 'Pipe' },
      { name: 'val', uri: data },
    ],
    instanceCount: 2,
    hyperparameters: { lr: '0.1' },
  });
  const plan = new TrainingRun({ request, command: ['python', 'train.py'], root, privateRoot: false }).plan();
  expect(plan.hosts.map(({ name, command }) => [name, command])).toEqual([
    ['algo-1', ['python', 'train.py', '--lr', '0.1']],
    ['algo-2', ['python', 'train.py', '--lr', '0.1']],
  ]);
  expect(plan.hosts[1].channels).toMatchObject([
    { name: 'train', inputMode: 'Pipe', path: join(root, 'algo-2/input/data/train_0') },
    { name: 'val', inputMode: 'File', path: join(root, 'algo-2/input/data/val') },
  ]);
  expect(plan.hosts[1].variables).toMatchObject({ SM_CURRENT_HOST: 'algo-2' });
  expect(existsSync(root)).toBe(false);
});
