import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { get } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Xoshiro128 } from '../../../src/dataset/operators/random.ts';
import { cli, startCli } from '../../support/cli.ts';
import { tempDir } from '../../support/temp-dir.ts';
import { exited, interrupted, takenOver } from './interrupted.ts';
import { readPipe, writeObjects } from './stream-place.ts';

const temp = tempDir();
const data = temp.file('data');
writeObjects(data, { a: 'one\n'.repeat(100_000), b: 'two\n' });
const WHOLE = `${'one\n'.repeat(100_000)}two\n`;
let places = 0;

function newPlace(): string {
  const place = temp.file(`place-${places++}`);
  mkdirSync(place);
  return place;
}

/** Returns a program to run with the streamer. */
function program(source: string): string[] {
  const path = temp.file(`program-${places++}.mjs`);
  writeFileSync(path, `import { readFileSync, writeFileSync } from 'node:fs';\n${source}`);
  return [process.execPath, path];
}

describe('recordpipe stream with a program', () => {
  test('sets up the program as SageMaker does, and exits with its exit code', async () => {
    const root = newPlace();
    const words = program(`
      const input = process.env.SM_INPUT_DIR;
      const epochs = [0, 1].map((epoch) => readFileSync(input + '/data/train_' + epoch, 'latin1').length);
      console.log(JSON.stringify({ epochs, argv: process.argv.slice(2), hps: process.env.SM_HPS, channels: process.env.SM_CHANNELS }));
      process.exit(7);`);
    const args = [
      'stream',
      '-c',
      `train=${data}`,
      '--root',
      root,
      '--hyperparameter',
      'lr=0.1',
      '--',
      ...words,
    ];
    const { code, stdout } = await cli([...args, '--lr', '3']);
    expect(JSON.parse(stdout)).toEqual({
      epochs: [WHOLE.length, WHOLE.length],
      argv: ['--lr', '3', '--lr', '0.1'],
      hps: '{"lr":0.1}',
      channels: '["train"]',
    });
    expect(code).toBe(7);
    expect(readdirSync(join(root, 'input/data'))).toEqual(['train.status.json']);
    expect(JSON.parse(readFileSync(join(root, 'input/config/inputdataconfig.json'), 'utf8'))).toMatchObject({
      train: { TrainingInputMode: 'Pipe', S3DistributionType: 'FullyReplicated' },
    });
  });

  test('if data cannot be read, stops the program before it receives an end of file', async () => {
    const root = newPlace();
    const manifest = temp.file(
      'm.manifest',
      Buffer.from(JSON.stringify([{ prefix: `${data}/` }, 'a', 'none'])),
    );
    const words = program(`
      process.on('SIGTERM', () => { writeFileSync(process.env.SM_MODEL_DIR + '/told', 'SIGTERM'); process.kill(process.pid, 'SIGKILL'); });
      const { createReadStream } = await import('node:fs');
      createReadStream(process.env.SM_INPUT_DIR + '/data/train_0').on('end', () => writeFileSync(process.env.SM_MODEL_DIR + '/ended', '')).resume();
      setInterval(() => {}, 1000);`);
    const { code, stderr } = await cli([
      'stream',
      '-c',
      `train=${manifest}`,
      '--manifest',
      '--root',
      root,
      '--',
      ...words,
    ]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/object-missing|not-found/);
    expect(readdirSync(join(root, 'model'))).toEqual(['told']);
  });

  test.each([
    ['is not compressed', 'one\n', /; if the files are not compressed, omit --gunzip or CompressionType\n$/],
    ['is truncated', gzipSync('one\n').subarray(0, 15), /, or regenerate it\n$/],
  ])('suggests only its own options if a file %s', async (_, bytes, next) => {
    const source = temp.file(`file-${places++}`, Buffer.from(bytes));
    const args = ['stream', '-c', `train=${source}`, '--gunzip', '--root', newPlace(), '-q', '--'];
    const { code, stderr } = await cli([...args, 'sh', '-c', 'cat "$SM_INPUT_DIR/data/train_0"']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(next)]);
  });

  test('does not start the program without data', async () => {
    const root = newPlace();
    mkdirSync(temp.file('nothing'));
    const words = program(`writeFileSync(process.env.SM_MODEL_DIR + '/started', '')`);
    const { code, stderr } = await cli([
      'stream',
      '-c',
      `train=${temp.file('nothing')}`,
      '--root',
      root,
      '--',
      ...words,
    ]);
    expect([code, readdirSync(join(root, 'model'))]).toEqual([3, []]);
    expect(stderr).toContain('no files under this path');
  });

  test('forwards signals to the program, and exits with it', async () => {
    const root = newPlace();
    const words = program(`
      process.on('SIGTERM', () => setTimeout(() => process.exit(5), 50));
      writeFileSync(process.env.SM_MODEL_DIR + '/up', '');
      setInterval(() => {}, 1000);`);
    const child = startCli(['stream', '-c', `train=${data}`, '--root', root, '--', ...words]);
    const exit = exited(child);
    while (!existsSync(join(root, 'model/up'))) await sleep(10);
    child.kill('SIGTERM');
    expect((await exit).code).toBe(5);
    expect(readdirSync(join(root, 'input/data')).filter((name) => /_\d+$|lock/.test(name))).toEqual([]);
  });

  test.each([
    ['is missing', 'no-such-program', 'no such program: no-such-program'],
    ['is below a file', `${data}/a/program`, 'a part of the path is not a directory'],
  ])('reports a program that %s, and removes the pipes', async (_, name, message) => {
    const root = newPlace();
    const { code, stderr } = await cli(['stream', '-c', `train=${data}`, '--root', root, '--', name]);
    expect([code, stderr]).toEqual([3, expect.stringContaining(message)]);
    expect(readdirSync(join(root, 'input/data'))).toEqual(['train.status.json']);
  });
});

describe('recordpipe stream without a program', () => {
  test('prints events as lines, serves metrics, and streams the bytes', async () => {
    const dir = newPlace();
    const child = startCli([
      'stream',
      '-c',
      `train=${data}`,
      '--dir',
      dir,
      '--epochs',
      '1',
      '--json',
      '--metrics-port',
      '0',
    ]);
    const stdout = text(child.stdout!);
    const exit = exited(child);
    let said = '';
    child.stderr!.on('data', (chunk) => {
      said += chunk;
    });
    await expect.poll(() => said).toMatch(/127\.0\.0\.1:\d+/);
    const url = /http:\S+/.exec(said)![0];
    const metrics = await new Promise<string>((resolve, reject) => {
      get(url, (response) => text(response).then(resolve, reject)).on('error', reject);
    });
    expect(metrics).toContain('recordpipe_stream_bytes_total{channel="train"} 0');
    expect((await readPipe(join(dir, 'train_0'))).toString('latin1')).toBe(WHOLE);
    expect((await exit).code).toBe(0);
    const events = (await stdout)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string });
    expect(events.map(({ event }) => event)).toEqual(['channel', 'epoch-start', 'epoch-end']);
    expect(events[2]).toMatchObject({ bytes: WHOLE.length, complete: true });
  });

  test('prints the pipes that are ready', async () => {
    const root = newPlace();
    const running = cli(['stream', '-c', `train=${data}`, '--root', root, '--epochs', '1'], {
      separate: true,
    });
    const pipe = join(root, 'input/data/train_0');
    await expect.poll(() => existsSync(pipe)).toBe(true);
    expect((await readPipe(pipe)).toString('latin1')).toBe(WHOLE);
    const { code, stderr } = await running;
    expect(code).toBe(0);
    expect(stderr).toContain(
      `recordpipe: pipes are ready in ${join(root, 'input/data')}: train_0; start the program that reads them`,
    );
  });

  test.runIf(process.getuid?.() === 0)(
    '--strict-eof leaves the bytes in the pipe to the reader of another user',
    async () => {
      const dir = newPlace();
      chmodSync(temp.path, 0o755);
      chmodSync(dir, 0o777);
      const nobody = { uid: 65534, gid: 65534, env: { HOME: dir } };
      const args = [
        'stream',
        '-c',
        `train=${join(data, 'b')}`,
        '--dir',
        dir,
        '--epochs',
        '1',
        '--strict-eof',
      ];
      const running = cli([...args, '--json'], { ...nobody, separate: true });
      const pipe = join(dir, 'train_0');
      await expect.poll(() => existsSync(pipe), { timeout: 20_000 }).toBe(true);
      const slow = spawnSync('sh', ['-c', 'exec 3< "$0"; sleep 1; cat <&3', pipe]);
      expect(String(slow.stdout)).toBe('two\n');
      expect((await running).code).toBe(0);
    },
  );

  test('reads channels from a CreateTrainingJob request', async () => {
    const dir = newPlace();
    const source = { S3DataSource: { S3DataType: 'S3Prefix', S3Uri: data } };
    const config = temp.file(
      'channels.json',
      Buffer.from(JSON.stringify([{ ChannelName: 'x', DataSource: source }])),
    );
    const child = startCli(['stream', '--job', config, '--dir', dir, '--epochs', '1']);
    const exit = exited(child);
    expect((await readPipe(join(dir, 'x_0'))).toString('latin1')).toBe(WHOLE);
    expect((await exit).code).toBe(0);
  });

  describe('with a CreateTrainingJob request', () => {
    const channel = (more: object = {}) => ({
      ChannelName: 'x',
      DataSource: {
        S3DataSource: { S3DataType: 'S3Prefix', S3Uri: data, S3DataDistributionType: 'ShardedByS3Key' },
      },
      ...more,
    });
    const requestFile = (request: object): string =>
      temp.file(`request-${places++}.json`, Buffer.from(JSON.stringify(request)));

    test('applies hyperparameters, variables and hosts, and warns about other fields', async () => {
      const root = newPlace();
      const config = requestFile({
        TrainingJobName: 'job-7',
        HyperParameters: { epochs: '2', rate: '0.5' },
        Environment: { MY_FLAG: 'on' },
        InputDataConfig: [channel()],
        ResourceConfig: { InstanceType: 'ml.m5.large', InstanceCount: 2 },
        OutputDataConfig: { S3OutputPath: 's3://bucket/out' },
        Tags: [{ Key: 'a', Value: 'b' }],
      });
      const reader = program(`
        const { MY_FLAG, SM_HOSTS, SM_CURRENT_HOST, SM_HPS, SM_CURRENT_INSTANCE_TYPE, TRAINING_JOB_NAME } = process.env;
        const got = readFileSync(\`${root}/input/data/x_0\`).length;
        const seen = { MY_FLAG, SM_HOSTS, SM_CURRENT_HOST, SM_HPS, SM_CURRENT_INSTANCE_TYPE, TRAINING_JOB_NAME, got };
        writeFileSync('${root}/seen.json', JSON.stringify(seen));`);
      const args = ['stream', '--job', config, '--root', root, '--epochs', '1', '--hyperparameter', 'rate=1'];
      const { code, stderr } = await cli([...args, '--current-host', 'algo-2', '--', ...reader]);
      expect(code).toBe(0);
      expect(JSON.parse(readFileSync(join(root, 'seen.json'), 'utf8'))).toEqual({
        MY_FLAG: 'on',
        SM_HOSTS: '["algo-1","algo-2"]',
        SM_CURRENT_HOST: 'algo-2',
        SM_HPS: '{"epochs":2,"rate":1}',
        SM_CURRENT_INSTANCE_TYPE: 'ml.m5.large',
        TRAINING_JOB_NAME: 'job-7',
        got: 4, // The second of two objects.
      });
      expect(stderr).toMatch(/warning: Tags: .*no effect on this machine/);
      expect(stderr).toMatch(
        /warning: OutputDataConfig: no effect in stream; recordpipe train supports them/,
      );
    });

    test('reports which of several hosts it serves', async () => {
      const config = requestFile({ InputDataConfig: [channel()], ResourceConfig: { InstanceCount: 2 } });
      const root = newPlace();
      const { stderr } = await cli([
        'stream',
        '--job',
        config,
        '--root',
        root,
        '--epochs',
        '1',
        '--',
        'true',
      ]);
      expect(stderr).toMatch(/warning: the job has the hosts algo-1, algo-2; this stream serves algo-1/);
    });

    test.each([
      [
        /channel x is in File mode, but stream serves only Pipe mode; .*recordpipe train --job/,
        [channel({ InputMode: 'File' })],
      ],
      [
        /RecordWraperType: unknown field; did you mean RecordWrapperType\?/,
        [channel({ RecordWraperType: 'RecordIO' })],
      ],
    ])('rejects %s', async (message, request) => {
      const { code, stderr } = await cli(['stream', '--job', requestFile(request), '--dir', newPlace()]);
      expect(code).not.toBe(0);
      expect(stderr).toMatch(message);
    });
  });

  test.each([
    [2, ['stream', '--dir', 'x'], /expected at least one/],
    [2, ['stream', '-c', 'train', '--dir', 'x'], /NAME=VALUE/],
    [
      2,
      ['stream', '-c', 'a=b', '--dir', 'x', '--hosts', 'algo-1,algo-1'],
      /--hosts: expected distinct names/,
    ],
    [
      2,
      ['stream', '-c', 'a=b', '--dir', 'x', '--current-host', 'algo-2'],
      /--current-host: expected one of --hosts/,
    ],
    [
      2,
      ['stream', '-c', `a=${data}`, '--dir', newPlace(), '--metrics-port', '70000'],
      /--metrics-port: expected a port/,
    ],
    [2, ['stream', '-c', 'a b=x', '--dir', 'x'], /expected a channel name/],
    [
      4,
      ['stream', '-c', `train=${data}`, '--dir', temp.file('unread'), '--reader-timeout', '100ms'],
      /reader-timeout/,
    ],
  ])('exit code %d', async (expected, args, message) => {
    const { code, stderr } = await cli(args);
    expect([code, stderr]).toEqual([expected, expect.stringMatching(message)]);
  });

  test.each(['SIGTERM', 'SIGINT'] as const)(
    '%s at any moment: it exits, and no pipe, lock or blocked reader remains',
    async (signal) => {
      const random = new Xoshiro128(signal.length, 1);
      for (let i = 0; i < 3; i++) await interrupted(data, newPlace(), signal, random.below(600));
    },
  );

  test('killed while it creates pipes: no streamer takes over before they exist, and then they are removed', async () => {
    const dir = newPlace();
    const slow = newPlace();
    const [begun, made] = ['begun', 'made'].map((name) => join(slow, name));
    const script = `#!/bin/sh\nPATH=${process.env['PATH']}\ntouch ${begun}\nsleep 1\nmkfifo "$@"\ntouch ${made}\n`;
    writeFileSync(join(slow, 'mkfifo'), script, { mode: 0o755 });
    const env = { PATH: `${slow}:${process.env['PATH']}` };
    const child = startCli(['stream', '-c', `train=${data}`, '--dir', dir, '-q'], { env });
    const exit = exited(child);
    const lock = join(dir, '.recordpipe-train.lock');
    await expect.poll(() => existsSync(begun)).toBe(true);
    child.kill('SIGKILL');
    await exit;
    const free = (): boolean => spawnSync('flock', ['-n', lock, 'true']).status === 0;
    // If the lock was free, the pipes exist.
    while (!free()) await sleep(20);
    expect(existsSync(made)).toBe(true);
    expect(existsSync(join(dir, 'train_1'))).toBe(true);
    await takenOver(data, dir, Buffer.from(WHOLE));
  });

  test('killed before it truncated a longer note: the pipes in the note are removed', async () => {
    const dir = newPlace();
    const path = join(dir, 'train_7');
    execFileSync('mkfifo', [path]);
    const { dev, ino } = statSync(path);
    const note = JSON.stringify({
      pid: 1,
      fifos: [{ path, dev: String(dev), ino: String(ino) }],
      making: [],
    });
    writeFileSync(join(dir, '.recordpipe-train.lock'), `${note}\n"what a longer one had"]}\n`);
    await takenOver(data, dir, Buffer.from(WHOLE));
  });

  test('an unfinished status of a killed streamer is removed', async () => {
    const dir = newPlace();
    writeFileSync(join(dir, '.train.status.json.0123456789abcdef.tmp'), '{');
    writeFileSync(join(dir, '.test.status.json.0123456789abcdef.tmp'), '{');
    const child = startCli(['stream', '-c', `train=${data}`, '--dir', dir, '--epochs', '1', '-q']);
    const exit = exited(child);
    await readPipe(join(dir, 'train_0'));
    expect((await exit).code).toBe(0);
    expect(readdirSync(dir)).toEqual(['.test.status.json.0123456789abcdef.tmp', 'train.status.json']);
  });

  test('SIGKILL at any moment: the next streamer takes over the remaining pipes', async () => {
    const random = new Xoshiro128(9, 1);
    for (let i = 0; i < 3; i++) {
      const dir = newPlace();
      await interrupted(data, dir, 'SIGKILL', random.below(600));
      await takenOver(data, dir, Buffer.from(WHOLE));
    }
  });
});
