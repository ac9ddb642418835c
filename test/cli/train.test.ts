import type { ChildProcess } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { jobPlace, textOf } from '../pipemode/train/job-place.ts';
import { cli, ended, startCli } from '../support/cli.ts';
import { type Fault, faultyS3 } from '../support/faulty-s3/index.ts';

const place = jobPlace();
const data = place.folder('data', { a: 'a1\na2\n', b: 'b1\n' });

function train(args: readonly string[], script?: string) {
  const root = place.newRoot();
  const command = script === undefined ? [] : ['--', 'sh', '-c', script];
  return { root, running: cli(['train', '--root', root, ...args, ...command]) };
}

/** The JSON documents of a text, one per line. */
function documents(text: string): Record<string, unknown>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('recordpipe train', () => {
  test('an address without a name is the channel training in File mode; the exit code is that of the program', async () => {
    const { root, running } = train(
      ['-c', data, '--hyperparameter', 'lr=0.1', '--env', 'FLAG=on'],
      'cat "$SM_CHANNEL_TRAINING"/*; echo "$SM_HPS $SM_CHANNELS $FLAG"; echo why > "$SM_OUTPUT_DIR/failure"; exit 7',
    );
    const { code, stdout, stderr } = await running;
    expect([code, stdout]).toEqual([7, 'a1\na2\nb1\n{"lr":0.1} ["training"] on\n']);
    expect(stderr).toMatch(/recordpipe: training: 2 files, 9 B/);
    expect(stderr).toMatch(/recordpipe: job recordpipe-[\d-]+: Failed after .*\n.*reason: .*exit code 7/);
    expect(stderr).toMatch(/failure: why/);
    expect(readFileSync(join(root, 'input/config/hyperparameters.json'), 'utf8')).toContain('"lr"');
  });

  test('two hosts: lines after the names of their hosts, shares of a channel', async () => {
    const { root, running } = train(
      ['-c', `train=${data}`, '--sharded', '--input-mode', 'Pipe', '--instance-count', '2'],
      'tee "$SM_MODEL_DIR/got" < "$SM_CHANNEL_TRAIN"_0; echo warn >&2',
    );
    const { code, stdout, stderr } = await running;
    expect(code).toBe(0);
    expect(stdout.split('\n').sort()).toEqual(['', 'algo-1  | a1', 'algo-1  | a2', 'algo-2  | b1']);
    expect(stderr).toContain('algo-1  | warn\n');
    expect(textOf(root, 'algo-1/model/got') + textOf(root, 'algo-2/model/got')).toBe('a1\na2\nb1\n');
    expect(stderr).toMatch(/job .*: Completed/);
  });

  test('a request of a file, with fields that options override; its warnings', async () => {
    const request = {
      TrainingJobName: 'job-1',
      AlgorithmSpecification: { TrainingImage: 'image', TrainingInputMode: 'Pipe' },
      RoleArn: 'arn:aws:iam::123456789012:role/r',
      HyperParameters: { lr: '0.1', epochs: '2' },
      InputDataConfig: [
        {
          ChannelName: 'train',
          DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://bucket/train/' } },
        },
      ],
      OutputDataConfig: { S3OutputPath: 's3://bucket/out' },
      ResourceConfig: { InstanceType: 'ml.c5.xlarge', InstanceCount: 1, VolumeSizeInGB: 30 },
      StoppingCondition: { MaxRuntimeInSeconds: 3600 },
    };
    const file = join(place.path, 'request.json');
    writeFileSync(file, JSON.stringify(request));
    const results = place.folder('results', {});
    const args = ['--job', file, '-c', `train=${data}`, '--hyperparameter', 'lr=0.2', '--output', results];
    const { running } = train(
      [...args, '--metric', 'loss=loss=([0-9.]+)', '--json'],
      'cat "$SM_CHANNEL_TRAIN"_0; echo "$SM_HPS"; echo loss=0.5; echo m > "$SM_MODEL_DIR/m"',
    );
    const { code, stdout, stderr } = await running;
    expect([code, stdout]).toEqual([0, 'a1\na2\nb1\n{"epochs":2,"lr":0.2}\nloss=0.5\n']);
    const events = documents(stderr);
    expect(events.filter(({ event }) => event === 'warning').length).toBeGreaterThan(0);
    expect(events.at(-1)).toMatchObject({
      event: 'result',
      name: 'job-1',
      status: 'Completed',
      exitCode: 0,
      metrics: [{ name: 'loss', count: 1, last: 0.5 }],
      artifacts: { model: expect.stringMatching(/job-1\/output\/model\.tar\.gz$/) },
    });
    expect(existsSync(join(results, 'job-1/output/model.tar.gz'))).toBe(true);
  });

  test('--dry-run prints the plan, and starts and changes nothing', async () => {
    const args = ['-c', `train=${data}`, '-c', `val=${data}`, '--input-mode', 'val=Pipe', '--dry-run'];
    const { root, running } = train([...args, '--hyperparameter', 'lr=0.1'], 'true');
    const { code, stdout } = await running;
    expect(code).toBe(0);
    expect(stdout).toMatch(/host algo-1/);
    expect(stdout).toContain(`train: File, ${data}`);
    expect(stdout).toContain(`-> ${join(root, 'input/data/val_0')}`);
    expect(stdout).toMatch(/variable +SM_HPS=\{"lr":0.1\}/);
    const json = train([...args, '--json'], 'true');
    const plan = JSON.parse((await json.running).stdout) as { hosts: unknown[] };
    expect(plan.hosts).toMatchObject([
      { name: 'algo-1', channels: [{ inputMode: 'File' }, { inputMode: 'Pipe' }] },
    ]);
    expect([existsSync(root), existsSync(json.root)]).toEqual([false, false]);
  });

  test('a warning names options of pipes for a job without Pipe channels', async () => {
    const options = ['--epochs', '3', '--lazy', '--dry-run'];
    const file = await train(['-c', data, ...options], 'true').running;
    expect(file.stderr).toContain('--epochs, --lazy: no effect, because no channel is in Pipe mode');
    const pipe = await train(['-c', data, '--input-mode', 'Pipe', ...options], 'true').running;
    expect(pipe.stderr).not.toContain('--epochs');
  });

  test('SIGTERM stops the programs of all hosts, and the exit code is theirs', async () => {
    const root = place.newRoot();
    const script = `trap 'echo > "$SM_MODEL_DIR/stopped"; exit 5' TERM; echo up; while :; do sleep 0.05; done`;
    const words = ['-c', data, '--instance-count', '2', '--root', root, '--', 'sh', '-c', script];
    const child = startCli(['train', ...words]);
    let up = '';
    child.stdout?.on('data', (chunk) => {
      up += chunk;
    });
    const exit = ended(child);
    while (up.split('up').length < 3) await sleep(10);
    child.kill('SIGTERM');
    const { code, stderr } = await exit;
    expect(code).toBe(5);
    expect(stderr).toMatch(/job .*: Stopped/);
    for (const host of ['algo-1', 'algo-2']) expect(existsSync(join(root, host, 'model/stopped'))).toBe(true);
  });

  test('a program that ends with 0 after SIGTERM did not complete the job: 143', async () => {
    const words = ['-c', data, '--root', place.newRoot(), '--', 'sh', '-c'];
    const script = `trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done`;
    const child = startCli(['train', ...words, script]);
    child.stdout?.once('data', () => void child.kill('SIGTERM'));
    const { code, stderr } = await ended(child);
    expect(code).toBe(143);
    expect(stderr).toMatch(/job .*: Stopped/);
  });

  /** A request for a File channel whose download does not end. */
  async function stalled(limits: object, act: (child: ChildProcess) => void) {
    const faults: Fault[] = [{ operation: 'GetObject', do: 'stall', at: 10, times: 1e9 }];
    await using server = await faultyS3({ objects: { 'bucket/train/a': Buffer.alloc(1000) }, faults });
    const job = join(place.path, 'stalled.json');
    writeFileSync(
      job,
      JSON.stringify({
        InputDataConfig: [
          {
            ChannelName: 'train',
            DataSource: { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: 's3://bucket/train/' } },
          },
        ],
        ...limits,
      }),
    );
    const root = place.newRoot();
    const words = ['train', '--job', job, '--endpoint-url', server.url, '--root', root];
    const env = { AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test', AWS_REGION: 'us-east-1' };
    const child = startCli([...words, '--', 'sh', '-c', 'echo > "$SM_MODEL_DIR/ran"'], { env });
    const exit = ended(child);
    const requests = (): number => server.requests('GetObject').length;
    await expect.poll(requests).toBeGreaterThan(0);
    act(child);
    const { code, stderr } = await exit;
    expect(existsSync(join(root, 'model/ran'))).toBe(false);
    expect(readdirSync(join(root, 'input/data'))).toEqual([]);
    return { code, stderr };
  }

  test.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('%s during the download of a File channel: Stopped, exit code %i', async (name, expected) => {
    const { code, stderr } = await stalled({}, (child) => void child.kill(name));
    expect(code).toBe(expected);
    expect(stderr).toMatch(/job .*: Stopped after/);
  });

  test('a time limit during the download of a File channel: Stopped, exit code 143', async () => {
    const StoppingCondition = { MaxRuntimeInSeconds: 8, MaxWaitTimeInSeconds: 8 };
    const { code, stderr } = await stalled({ EnableManagedSpotTraining: true, StoppingCondition }, () => {});
    expect(code).toBe(143);
    expect(stderr).toMatch(/job .*: Stopped \(MaxWaitTimeExceeded\) after/);
  });

  test('the failure of data stops the program, and names the next step', async () => {
    const manifest = join(place.path, 'cut.manifest');
    writeFileSync(manifest, JSON.stringify([{ prefix: `${data}/` }, 'a', 'none']));
    const { root, running } = train(
      ['-c', `train=${manifest}`, '--manifest', '--input-mode', 'pipe'],
      'cat "$SM_CHANNEL_TRAIN"_0 > /dev/null && echo > "$SM_MODEL_DIR/saved"',
    );
    const { code, stderr } = await running;
    expect(code).toBe(3);
    expect(stderr).toMatch(/recordpipe: not-found: .*none/);
    expect(existsSync(join(root, 'model/saved'))).toBe(false);
  });

  test('the results of an earlier run are refused, and --force removes them', async () => {
    const root = place.newRoot();
    mkdirSync(join(root, 'model'), { recursive: true });
    writeFileSync(join(root, 'model/old'), '');
    const args = ['train', '-c', data, '--root', root];
    const { code, stderr } = await cli([...args, '--', 'true']);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/already-exists: .*--force/)]);
    const forced = await cli([...args, '--force', '--', 'sh', '-c', 'ls "$SM_MODEL_DIR"']);
    expect([forced.code, forced.stdout]).toEqual([0, '']);
  });

  test('a folder replaces a manifest of the request, but not an augmented one', async () => {
    const request = (S3DataType: string) => {
      const S3DataSource = { S3DataType, S3Uri: 's3://bucket/list' };
      const AttributeNames = S3DataType === 'ManifestFile' ? {} : { AttributeNames: ['label'] };
      const DataSource = { S3DataSource: { ...S3DataSource, ...AttributeNames } };
      const file = join(place.path, `${S3DataType}.json`);
      writeFileSync(file, JSON.stringify({ InputDataConfig: [{ ChannelName: 'train', DataSource }] }));
      return ['--job', file, '-c', `train=${data}`];
    };
    const { code, stdout } = await train(request('ManifestFile'), 'cat "$SM_CHANNEL_TRAIN"/*').running;
    expect([code, stdout]).toEqual([0, 'a1\na2\nb1\n']);
    const { code: wrong, stderr } = await train(request('AugmentedManifestFile'), 'true').running;
    expect([wrong, stderr]).toEqual([2, expect.stringMatching(/pass -c train=FILE/)]);
  });

  test('--metrics-out that cannot be written is refused before the program starts', async () => {
    const file = join(place.folder('metrics', { 'm.csv': 'mine' }), 'm.csv');
    for (const [out, message] of [
      [file, /already-exists/],
      [join(place.path, 'no-folder/m.csv'), /create it first/],
    ] as const) {
      const args = ['-c', data, '--metric', 'a=(1)', '--metrics-out', out];
      const { code, stdout, stderr } = await train(args, 'echo started').running;
      expect([code, stdout, stderr]).toEqual([3, '', expect.stringMatching(message)]);
    }
    expect(readFileSync(file, 'utf8')).toBe('mine');
  });

  test.each([
    [['--', 'true'], /--job FILE/],
    [['-c', data], /command: .*after --/],
    [['-c', data, '--input-mode', 'Fast', '--', 'true'], /--input-mode: expected File, FastFile, Pipe/],
    [['-c', data, '--input-mode', 'train=Pipe', '--', 'true'], /no channel has the name train/],
    [['-c', data, '--interrupt-after', '1s', '--', 'true'], /--interrupt-after: .*\(--spot\)/],
    [['-c', data, '--current-host', 'algo-2', '--', 'true'], /--current-host: expected one of algo-1/],
    [['-c', data, '--metrics-out', 'x.txt', '--', 'true'], /--metrics-out/],
    [['-c', data, '-c', data, '--', 'true'], /-c gives two addresses to channel training; .*NAME=URI/],
    [['-c', data, '--checkpoint-dir', '/opt/ml/c', '--', 'true'], /--checkpoint-dir requires --checkpoints/],
    [['-c', `a=${data}`, '-c', 'b b=x', '--', 'true'], /b b/],
    [
      ['-c', data, '--checkpoints', 'c', '--checkpoint-dir', '/', '--', 'true'],
      /\(--checkpoint-dir\): \/ contains/,
    ],
  ])('wrong usage: %j', async (args, message) => {
    const { code, stderr } = await train(['--dry-run', ...args]).running;
    expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
  });
});
